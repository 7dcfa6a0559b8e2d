//! Each summary over a column of each shape.

use rand::SeedableRng as _;

use super::{
    callgrind::measure,
    inputs::{ROWS, Random},
    summaries::{NAMES, NUMBERS, OF_NAMES, OF_NUMBERS, bins, domain},
};

pub(crate) fn measure_all() {
    for (name, shape) in NUMBERS {
        let mut random = Random::seed_from_u64(7);
        let (bins, column) = (bins(shape, &mut random), shape.draw(ROWS, &mut random));
        for (summary, observe) in OF_NUMBERS {
            measure(&format!("{summary}/{name}"), ROWS, &|| observe(&bins, &column));
        }
    }
    for (name, shape) in NAMES {
        let mut random = Random::seed_from_u64(7);
        let (domain, column) = (domain(shape, &mut random), shape.draw(ROWS, &mut random));
        for (summary, observe) in OF_NAMES {
            measure(&format!("{summary}/{name}"), ROWS, &|| observe(&domain, &column));
        }
    }
}
