//! Ctrl-C and SIGTERM: the first asks the run to stop, the second ends the program at once.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    flag,
};

use crate::exit;

/// Which signal came, if any.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    /// True once the run should stop.
    pub(crate) stop: Arc<AtomicBool>,
    number: Arc<AtomicUsize>,
}

const TERMINATE: usize = 15;

impl Signal {
    /// Listens from now on.
    pub(crate) fn listen() -> io::Result<Self> {
        let signal = Self::default();
        for (number, code) in [(SIGINT, exit::INTERRUPTED), (SIGTERM, exit::TERMINATED)] {
            // First in line, so that it acts from the second signal on: every file is written whole or not at all.
            flag::register_conditional_shutdown(number, code.into(), Arc::clone(&signal.stop))?;
            flag::register(number, Arc::clone(&signal.stop))?;
        }
        flag::register_usize(SIGTERM, Arc::clone(&signal.number), TERMINATE)?;
        Ok(signal)
    }

    /// The exit code of a run that was stopped.
    pub(crate) fn exit_code(&self) -> u8 {
        match self.number.load(Ordering::Relaxed) {
            TERMINATE => exit::TERMINATED,
            _ => exit::INTERRUPTED,
        }
    }
}
