//! One file a command: flags in, a call of `monitor`, its outcome printed, an exit code out.

pub(crate) mod backfill;
pub(crate) mod baseline;
pub(crate) mod bench;
pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod demo;
pub(crate) mod explain;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod preview;
pub(crate) mod rescore;
pub(crate) mod sources;
