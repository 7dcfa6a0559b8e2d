//! Keeps memory flat however long a backfill is.

/// Fixes the size from which glibc gives a block its own mapping, which it returns when the block is freed.
///
/// Left alone, glibc raises that size to that of the largest block freed so far. Column chunks then lie between
/// small blocks on the heaps of several threads and are never returned. With a size below that of pages, each page of
/// each column is asked for from the system and given back, which made decoding and profiling a third slower. Measured
/// with 8 MiB, on files of 20,000 rows and 39 columns: 34 MiB resident over 30 days, 44 MiB over 300. Two heaps instead of
/// eight a core take another tenth off, at the same speed. Heaps grow by 2 MiB at a time, not by 128 KiB: each time costs a
/// call and the faults of new pages (a fifth of the system's time when a year of windows is scored again).
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "the C library has no other way to set it; measured in the comment above")]
pub(crate) fn keep_flat() {
    const BYTES: libc::c_int = 8 << 20;
    const STEP: libc::c_int = 2 << 20;
    // SAFETY: called once, before any other thread exists; both arguments are constants that mallopt(3) documents.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, BYTES);
        libc::mallopt(libc::M_TRIM_THRESHOLD, BYTES);
        libc::mallopt(libc::M_TOP_PAD, STEP);
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Other allocators return blocks by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep_flat() {}
