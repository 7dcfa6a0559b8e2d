//! What the tests of both paths of `profile` are made of.

#[path = "../../../crates/profile/tests/paths/judge.rs"]
pub(crate) mod judge;
#[path = "../../../crates/profile/tests/paths/read.rs"]
pub(crate) mod read;
#[path = "../../../crates/profile/tests/paths/shapes.rs"]
pub(crate) mod shapes;
#[path = "../../../crates/profile/tests/paths/write.rs"]
pub(crate) mod write;
