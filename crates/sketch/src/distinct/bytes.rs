//! The one way to write a set of hashed values down.
//!
//! Nothing for an empty set; else a first byte that says what follows: few coupons as they are, more of them by their
//! distances, registers that are not zero, or all registers. Each entry is whole bytes, so that what two windows have in
//! common compresses; distances save nothing where there are few, and only agree where two neighbours do.

use std::ops::RangeInclusive;

use super::{
    State,
    coupons::{Coupons, MOST},
    registers::{self, HIGHEST, Registers},
};
use crate::gaps;

const FEW: u8 = 0;
const COUPONS: u8 = 1;
const SOME: u8 = 2;
const ALL: u8 = 3;
/// Up to so many coupons are written as they are.
const MOST_FEW: usize = 128;
/// Bits of the first byte of a coupon that its position takes, and of one register among some.
const COUPON_BITS: u32 = 2;
const SOME_BITS: u32 = 3;
/// Up to so many registers are written one by one.
const MOST_SOME: usize = registers::COUNT / 2;
/// Half a byte that says that the register is so much above the lowest one, or more.
const HIGH: u8 = 15;
const NO_COUPON: &str = "expected a coupon";

pub(super) fn write(state: &State) -> Vec<u8> {
    match state {
        State::Few(coupons) if coupons.len() == 0 => Vec::new(),
        State::Few(coupons) => {
            let coupons = coupons.sorted();
            if coupons.len() <= MOST_FEW {
                let words = coupons.into_iter().flat_map(u32::to_le_bytes);
                return std::iter::once(FEW).chain(words).collect();
            }
            let entries = coupons.iter().map(|coupon| (coupon >> 6, u64::from((coupon & 63) - 1)));
            gaps::write(vec![COUPONS], entries, COUPON_BITS)
        }
        State::Many(registers) if used(registers) <= MOST_SOME => {
            let entries = registers.iter().zip(0_u32..).filter(|(position, _)| **position > 0);
            let entries = entries.map(|(position, register)| (register, u64::from(position - 1)));
            gaps::write(vec![SOME], entries, SOME_BITS)
        }
        State::Many(registers) => write_all(registers),
    }
}

pub(super) fn read(bytes: &[u8]) -> Result<State, &'static str> {
    match bytes.split_first() {
        None => Ok(State::default()),
        Some((&FEW, rest)) => read_few(rest),
        Some((&COUPONS, rest)) => {
            let entries = gaps::read(rest, COUPON_BITS)?;
            let coupons = entries.into_iter().map(|(address, position)| {
                let address = Some(address).filter(|address| *address < 1 << super::ADDRESS_BITS)?;
                Some(address << 6 | u32::from(position_of(position)?))
            });
            coupons_of(&coupons.collect::<Option<Vec<u32>>>().ok_or(NO_COUPON)?, MOST_FEW + 1..=MOST)
        }
        Some((&SOME, rest)) => read_some(rest),
        Some((&ALL, rest)) => read_all(rest).ok_or("expected all registers"),
        Some(_) => Err("expected coupons or registers"),
    }
}

fn used(registers: &Registers) -> usize {
    registers.iter().filter(|position| **position > 0).count()
}

fn read_few(bytes: &[u8]) -> Result<State, &'static str> {
    let (words, []) = bytes.as_chunks::<4>() else { return Err("a coupon is cut off") };
    let coupons: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    if !coupons.iter().all(|coupon| (1..=u32::from(HIGHEST)).contains(&(coupon & 63))) {
        return Err(NO_COUPON);
    }
    coupons_of(&coupons, 1..=MOST_FEW)
}

fn coupons_of(ascending: &[u32], count: RangeInclusive<usize>) -> Result<State, &'static str> {
    if !count.contains(&ascending.len()) || !ascending.is_sorted_by(|a, b| a < b) {
        return Err("coupons are not ascending, or too many or too few");
    }
    let mut coupons = Coupons::default();
    coupons.reserve(ascending.len());
    ascending.iter().for_each(|coupon| coupons.insert(*coupon));
    Ok(State::Few(coupons))
}

fn read_some(bytes: &[u8]) -> Result<State, &'static str> {
    let entries = gaps::read(bytes, SOME_BITS)?;
    if entries.is_empty() || entries.len() > MOST_SOME || !entries.is_sorted_by(|(a, _), (b, _)| a < b) {
        return Err("expected ascending registers");
    }
    let mut registers = Box::new([0; registers::COUNT]);
    for (register, position) in entries {
        let place = registers.get_mut(register as usize).ok_or("there is no such register")?;
        *place = position_of(position).ok_or("a register is too high")?;
    }
    Ok(State::Many(registers))
}

/// A position from 1, from what is written.
fn position_of(less_one: u64) -> Option<u8> {
    u8::try_from(less_one).ok().filter(|less_one| *less_one < HIGHEST).map(|less_one| less_one + 1)
}

/// The lowest, half a byte for each above it, then one for each of those that half a byte cannot say.
fn write_all(registers: &Registers) -> Vec<u8> {
    let lowest = registers.iter().copied().min().unwrap_or(0);
    let mut bytes = vec![ALL, lowest];
    let half = |position: u8| (position - lowest).min(HIGH);
    bytes.extend(registers.as_chunks::<2>().0.iter().map(|[a, b]| half(*a) | half(*b) << 4));
    bytes.extend(registers.iter().map(|position| position - lowest).filter(|above| *above >= HIGH));
    bytes
}

fn read_all(bytes: &[u8]) -> Option<State> {
    let (&lowest, rest) = bytes.split_first()?;
    let (halves, high) = rest.split_at_checked(registers::COUNT / 2)?;
    let mut high = high.iter().copied();
    let mut registers = Box::new([0; registers::COUNT]);
    let halves = halves.iter().flat_map(|byte| [byte & 15, byte >> 4]);
    for (register, half) in registers.iter_mut().zip(halves) {
        let above = if half == HIGH { high.next().filter(|above| *above >= HIGH)? } else { half };
        *register = lowest.checked_add(above).filter(|position| *position <= HIGHEST)?;
    }
    let sound =
        high.next().is_none() && registers.iter().min() == Some(&lowest) && used(&registers) > MOST_SOME;
    sound.then_some(State::Many(registers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_from_outside_are_checked() {
        let few = |coupons: &[u32]| {
            [vec![FEW], coupons.iter().flat_map(|coupon| coupon.to_le_bytes()).collect()].concat()
        };
        let many = |tag: u8, count: u32, bits: u32| gaps::write(vec![tag], (0..count).map(|i| (i, 0)), bits);
        let more = |address: u32, position: u64| {
            let entries = (0..200).map(|i| (i, 0)).chain([(address, position)]);
            gaps::write(vec![COUPONS], entries, COUPON_BITS)
        };
        assert!(read(&few(&[7 << 6 | 39, 8 << 6 | 1])).is_ok() && read(&more((1 << 26) - 1, 38)).is_ok());
        assert!(read(&many(COUPONS, 512, COUPON_BITS)).is_ok() && read(&many(SOME, 2048, SOME_BITS)).is_ok());
        let all = |lowest: u8, half: u8, high: &[u8]| {
            [&[ALL, lowest], vec![half; registers::COUNT / 2].as_slice(), high].concat()
        };
        assert!(read(&all(24, 0, &[])).is_ok() && read(&all(0, 0x10, &[])).is_err());
        let damaged = [
            vec![4],
            vec![FEW],
            vec![FEW, 1],
            vec![COUPONS],
            vec![SOME],
            vec![ALL, 1],
            few(&[7 << 6]),
            few(&[7 << 6 | 40]),
            few(&[8 << 6 | 1, 7 << 6 | 1]),
            few(&[7 << 6 | 1, 7 << 6 | 1]),
            few(&(1..130).map(|address| address << 6 | 1).collect::<Vec<_>>()),
            more(1 << 26, 0),
            more(300, 39),
            more(199, 0),
            gaps::write(vec![SOME], [(7, 1), (7, 2)], SOME_BITS),
            gaps::write(vec![SOME], [(4096, 1)], SOME_BITS),
            many(COUPONS, 128, COUPON_BITS),
            many(COUPONS, 513, COUPON_BITS),
            many(SOME, 2049, SOME_BITS),
            all(24, 0, &[15]),
            all(24, 0x11, &[]),
            all(40, 0, &[]),
            all(1, 0xF0, &[]),
            all(1, 0xF0, &[14; registers::COUNT / 2]),
        ];
        for bytes in damaged {
            assert!(read(&bytes).is_err(), "{:?}", &bytes[..bytes.len().min(9)]);
        }
    }
}
