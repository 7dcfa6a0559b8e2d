//! Tests that run against a server in a process that has its address.

use crate::sandbox::child;
pub(crate) use crate::servers::Server;

/// The variable that says to a test that it is the child of another, and where it is to work.
const ASKED: &str = "STORE_TEST_BUCKET";

impl Server {
    /// Runs a test of this binary in a process that finds the server, with more variables; it has to pass.
    pub(crate) fn run(&self, test: &str, variables: &[(&str, &str)]) {
        self.run_through(&self.address, test, variables);
    }

    /// The same with another address than the server's, as that of a proxy.
    pub(crate) fn run_through(&self, address: &str, test: &str, variables: &[(&str, &str)]) {
        let mut child = child(test);
        child.env_clear().env(ASKED, self.bucket).envs(self.variables(address));
        let output = child.envs(variables.iter().copied()).output().unwrap();
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && stdout.contains("1 passed"), "{stdout}\n{stderr}");
        print!("{stdout}");
    }
}

/// The bucket that a test works in when [`Server::run`] runs it; alone it has nothing to do.
pub(crate) fn asked() -> Option<String> {
    std::env::var(ASKED).ok()
}
