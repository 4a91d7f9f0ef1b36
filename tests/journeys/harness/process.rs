//! Izin as a process of its own, for stories in which it is killed.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

pub struct Process {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it wrote to its standard output while it started.
    said: String,
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

    /// `izin serve` behind a proxy, on a free port of its own, that adds what it logs to a file.
    pub fn serve_behind(config: &Path, log: &Path) -> Self {
        let log = std::fs::File::options().create(true).append(true).open(log);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let public = free.local_addr().unwrap();
        drop(free);
        let mut command = command(config, "izin=info,warn", log.unwrap().into());
        command.env("IZIN__LISTENERS__PUBLIC__ADDRESS", public.to_string());
        let mut process = Self::announced(command.spawn().unwrap());
        // What it says is where the proxy is.
        process.public = public;
        process
    }

    fn announced(mut child: Child) -> Self {
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let mut address = |name: &str| -> SocketAddr {
            let start = said.len();
            stdout.read_line(&mut said).unwrap();
            let line = said[start..].strip_prefix(name);
            let rest = line.unwrap_or_else(|| panic!("izin serve says where it listens: {said}"));
            let url = rest.split_whitespace().next().unwrap();
            url.split("://").nth(1).unwrap().parse().unwrap()
        };
        let (webhooks, public) = (address("webhooks"), address("customers"));
        Self {
            child,
            stdout,
            said,
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

    /// As an operator stops it; answers all that it wrote to its standard output.
    pub fn stop(mut self) -> String {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(asked.success());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}");
        self.stdout.read_to_string(&mut self.said).unwrap();
        std::mem::take(&mut self.said)
    }

    /// `izin serve` that finds such a variable in its environment.
    pub fn serve_with(config: &Path, variable: (&str, &Path)) -> Self {
        let mut command = command(config, "warn", Stdio::inherit());
        command.env(variable.0, variable.1);
        Self::announced(command.spawn().unwrap())
    }

    /// SIGHUP.
    pub fn reload(&self) {
        let process = self.child.id().to_string();
        let sent = Command::new("kill").args(["-HUP", &process]).status();
        assert!(sent.unwrap().success());
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
    command(config, level, log).spawn().unwrap()
}

fn command(config: &Path, level: &str, log: Stdio) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_izin"));
    command
        .args(["serve", "--config"])
        .arg(config)
        .env("IZIN_LOG", level)
        .stdout(Stdio::piped())
        .stderr(log);
    command
}
