# Recipes of driftscan. `just ready` is what CI runs.

[private]
default:
    @just --list --unsorted

# Everything that must hold before a change is taken, in the order CI runs it
ready: fmt-check lint fuzz-check test doc deny tree lines readers demo instructions

# Format all code
fmt:
    cargo fmt --all

# Fail where code is not formatted
fmt-check:
    cargo fmt --all --check

# Clippy: all lints for the program; tests may compare floats and cast
lint:
    cargo clippy --locked --workspace --lib --bins -- -D warnings
    cargo clippy --locked --workspace --all-targets -- -D warnings -A clippy::float_cmp -A clippy::cast_possible_truncation -A clippy::cast_sign_loss

# The fuzz targets compile, and their lock file has the versions of the root's
fuzz-check:
    bash tests/fuzz/check

# All tests in Rust: unit, documentation and end to end
test:
    cargo test --locked --workspace

# Documentation, without warnings
doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# Licences, banned crates and sources; advisories too where their database is on this machine
deny:
    bash .ci/deny

# One Arrow and one object_store in the tree, and no crate that sees what it must not
tree:
    bash .ci/tree

# Lengths of source files; fails when they grow too long
lines:
    bash .ci/lines

# DuckDB, Polars and PyArrow read every table of the demo, the SageMaker SDK reads baselines, and the README's SQL runs
readers:
    bash tests/readers/run

# The first command of the README
demo:
    cargo run --locked --release -- demo

# One benchmark of benches/, by its name
bench NAME:
    CRITERION_HOME="{{justfile_directory()}}/target/criterion" cargo bench --locked --workspace --bench {{NAME}}

# With `cli`, crates have the features that the program has, and nothing but the benchmark is built for it.
# Instructions per value of kernels and page path, under valgrind; fails above their limits, `--write` sets these anew
instructions *ARGS:
    cargo bench --locked -p cli -p monitor --bench instructions -- {{ARGS}}

# What a second backfill and a rescore cost beside the first backfill
again *ARGS:
    benches/again/run {{ARGS}}

# Every fuzz target, or those named, for so many seconds each; needs a nightly compiler and cargo-fuzz
fuzz SECONDS="120" *TARGETS:
    bash tests/fuzz/run {{SECONDS}} {{TARGETS}}
