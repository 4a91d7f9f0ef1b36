//! Izin as a process of its own, for stories in which it is killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub struct Process {
    child: Child,
    pub webhooks: SocketAddr,
    pub public: SocketAddr,
}

impl Process {
    /// `izin serve`, ready when this returns.
    pub fn serve(config: &Path) -> Self {
        Self::announced(spawn(config, "warn", Stdio::inherit()))
    }

    /// The same, with all that it can be made to log in a file.
    pub fn serve_logging(config: &Path, log: &Path) -> Self {
        let log = std::fs::File::create(log).unwrap();
        Self::announced(spawn(config, "trace", log.into()))
    }

    fn announced(mut child: Child) -> Self {
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut address = |name: &str| -> SocketAddr {
            let line = lines
                .next()
                .expect("izin serve says where it listens")
                .unwrap();
            let rest = line
                .strip_prefix(name)
                .unwrap_or_else(|| panic!("{line}"))
                .trim();
            let url = rest.split_whitespace().next().unwrap();
            url.split("://").nth(1).unwrap().parse().unwrap()
        };
        let (webhooks, public) = (address("webhooks"), address("customers"));
        Self {
            child,
            webhooks,
            public,
        }
    }

    /// `izin serve` whose standard output nobody reads.
    pub fn serve_unheard(config: &Path) -> Child {
        let mut child = spawn(config, "warn", Stdio::inherit());
        drop(child.stdout.take());
        child
    }

    /// Memory that it has at the moment, in KiB (proc(5), `VmRSS`).
    pub fn resident_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.unwrap().parse().unwrap()
    }

    /// Without any chance to finish what it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(config: &Path, level: &str, log: Stdio) -> Child {
    Command::new(env!("CARGO_BIN_EXE_izin"))
        .args(["serve", "--config"])
        .arg(config)
        .env("IZIN_LOG", level)
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap()
}
