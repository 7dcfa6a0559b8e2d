//! Files that are not what they should be: a reason each, and never a panic.

use crate::sandbox::{START, Sandbox, batch, parquet, parquet_grouped, quarantine};
use parquet::basic::Compression;
use store::{Columns, Error, PlanStatus};

#[test]
fn every_kind_of_wrong_file_has_its_own_reason() {
    let good = parquet(&batch(START, 5_000));
    let mut encrypted = good.clone();
    let end = encrypted.len();
    encrypted[end - 4..].copy_from_slice(b"PARE");
    let mut long_footer = good.clone();
    long_footer[end - 8..end - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let cases: [(&[u8], &str); 7] = [
        (b"", "expected Parquet, found an empty file"),
        (b"PAR1", "`f.parquet`: "),
        (b"ts,x\n1,2\n3,4\n", "expected Parquet, found a file that begins with `ts,x`"),
        (&good[..end / 2], "found a truncated file that only begins as Parquet"),
        (&encrypted, "found an encrypted one"),
        (&long_footer, "`f.parquet`: "),
        (b"\0\0\0\0PAR1", "`f.parquet`: "),
    ];
    for (content, expected) in cases {
        let sandbox = Sandbox::new();
        sandbox.put("f.parquet", content);
        let reason = quarantine(&sandbox.plan("f.parquet").unwrap());
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn truncated_anywhere() {
    let sandbox = Sandbox::new();
    let good = parquet_grouped(&batch(START, 300), 100, Compression::SNAPPY);
    for length in (0..good.len()).step_by(37).chain(good.len() - 20..good.len()) {
        sandbox.put(&format!("in/{length}.parquet"), &good[..length]);
    }
    let plan = sandbox.plan("in").unwrap();
    assert!(plan.sources.iter().all(|source| matches!(source.status, PlanStatus::Quarantined(_))));
}

/// Reads a file after each change; the outcome must be a reason or rows.
fn damage(
    good: &[u8],
    changes: impl Iterator<Item = (usize, Vec<u8>)>,
    mut check: impl FnMut(&Result<usize, Error>),
) {
    let sandbox = Sandbox::new();
    for (at, bytes) in changes {
        let mut bad = good.to_vec();
        bad[at..at + bytes.len()].copy_from_slice(&bytes);
        sandbox.put("f.parquet", &bad);
        let plan = sandbox.plan("f.parquet").unwrap();
        if let PlanStatus::Ready = plan.sources[0].status {
            let rows = sandbox.rows(plan, Columns::All).into_iter();
            check(&rows.map(|batch| batch.map(|batch| batch.num_rows())).sum());
        }
    }
}

fn flips(good: &[u8], positions: std::ops::Range<usize>) -> impl Iterator<Item = (usize, Vec<u8>)> {
    positions.flat_map(move |at| [0x01, 0x80, 0xff].map(|mask| (at, vec![good[at] ^ mask])))
}

/// The largest number of 32 bits, as the format writes numbers, over everything.
fn large_numbers(good: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..good.len() - 5).map(|at| (at, vec![0xfe, 0xff, 0xff, 0xff, 0x0f]))
}

#[test]
fn damage_without_checksums_is_rows_or_a_reason() {
    for compression in [Compression::UNCOMPRESSED, Compression::SNAPPY] {
        let good = parquet_grouped(&batch(START, 60), 30, compression);
        let mut reasons = 0;
        damage(&good, flips(&good, 0..good.len()).chain(large_numbers(&good)), |rows| match rows {
            Ok(rows) => assert_eq!(*rows, 60),
            Err(Error::Corrupt { path, reason, .. }) => {
                assert!(path == "f.parquet" && !reason.is_empty());
                reasons += 1;
            }
            Err(error) => panic!("{error}"),
        });
        assert!(reasons > 100, "{reasons}");
    }
}

#[test]
fn a_checksum_finds_every_flipped_byte_of_its_page() {
    let good = include_bytes!("../data/page_checksums.parquet");
    // In the middle, so that they stand in their page only and not in the statistics.
    for value in [4.0_f64, 50.5].map(f64::to_le_bytes) {
        let at = good.windows(8).position(|window| window == value).unwrap();
        damage(good, flips(good, at..at + 8), |rows| {
            let error = rows.as_ref().unwrap_err().to_string();
            assert!(error.contains("row group 0") && error.contains("CRC"), "{error}");
        });
    }
}

#[test]
fn a_footer_that_claims_too_much_is_a_reason() {
    let sandbox = Sandbox::new();
    let good = parquet(&batch(START, 10));
    // A thrift file: version, schema of one leaf, number of rows, then a list of two thousand million row groups.
    let footer = [
        0x15, 0x02, 0x19, 0x2c, 0x48, 0x01, b'r', 0x15, 0x02, 0x00, 0x15, 0x02, 0x25, 0x02, 0x18, 0x01, b'x',
        0x00, 0x16, 0x00, 0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00,
    ];
    let mut bad = good[..4].to_vec();
    bad.extend(footer);
    bad.extend(u32::try_from(footer.len()).unwrap().to_le_bytes());
    bad.extend(b"PAR1");
    sandbox.put("f.parquet", &bad);
    let reason = quarantine(&sandbox.plan("f.parquet").unwrap());
    assert!(reason.contains("2147483647 elements"), "{reason}");
}
