//! How loops over blocks of numbers are compiled: once for each instruction set that pays, chosen when they run.

/// Numbers that a kernel takes at a time: they fit the nearest cache beside its tables, and exact sums over a block
/// stay below 2^53 units.
pub const BLOCK: usize = 1024;

/// Lanes that a kernel keeps apart. A fixed number, so that every instruction set adds in the same order.
pub(crate) const LANES: usize = 8;

/// Compiles a function for AVX-512, for AVX2 and for the plain target (SSE2, NEON); a call takes the best that the
/// processor has. The bodies are ordinary loops over lanes, which the compiler turns into vector instructions.
macro_rules! kernel {
    ($($function:tt)*) => {
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+fma+bmi1+bmi2+lzcnt+popcnt",
            "x86_64+avx2+fma+bmi1+bmi2+lzcnt+popcnt"
        ))]
        $($function)*
    };
}
pub(crate) use kernel;
