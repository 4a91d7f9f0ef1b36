//! `izin simulate setup`: keys and a configuration for a Data Provider that takes the simulator for PayNet.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use izin_simulator::{Pki, Urls};

use super::super::demo::{DemoSettings, open_pki};
use super::super::{report, unusable};

/// Make test keys and a configuration with which `izin serve` takes the simulator for PayNet
///
/// The keys are those of an authority that exists for this folder only: for tests, never for anything real. An existing izin.toml stays;
/// existing keys stay and are used.
#[derive(Debug, Args)]
pub struct Setup {
    /// The folder; it gets izin.toml and pki/
    folder: PathBuf,
    /// The first of the ports on 127.0.0.1, as in the demo: 1 and 2 above it is the Data Provider, 3 to 5 PayNet, 8 operations
    #[arg(long, default_value_t = 7700, value_parser = clap::value_parser!(u16).range(1..=65_527))]
    port: u16,
}

impl Setup {
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        match self.make().await {
            Ok(told) => Ok(report(&told, ExitCode::SUCCESS)),
            Err(error) => Ok(unusable(format_args!("{error:#}"))),
        }
    }

    /// Makes everything, and answers how to go on.
    async fn make(&self) -> anyhow::Result<String> {
        let place = std::path::absolute(&self.folder)?;
        let place = place.to_string_lossy();
        anyhow::ensure!(
            !place.contains(char::is_control),
            "{place:?} has a control character in its name; choose another folder"
        );
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("{} cannot be created", self.folder.display()))?;
        let folder = std::fs::canonicalize(&self.folder)?;
        let file = folder.join("izin.toml");
        anyhow::ensure!(
            !file.exists(),
            "{} is there already; remove it to have it made anew",
            file.display()
        );
        let keys = folder.join("pki");
        let pki = tokio::task::spawn_blocking(move || open_pki(&keys)).await??;
        std::fs::write(&file, self.settings(&folder, &pki)?)
            .with_context(|| format!("{} cannot be written", file.display()))?;
        Ok(self.told(&file, &pki))
    }

    fn settings(&self, folder: &Path, pki: &Pki) -> anyhow::Result<String> {
        let urls = self.urls();
        let settings = DemoSettings {
            database: format!("sqlite:{}", folder.join("izin.db").display()),
            public: self.address(1),
            webhooks: self.address(2),
            ops: self.address(8),
            pki,
            urls: &urls,
        };
        Ok(settings.to_file()?)
    }

    fn address(&self, offset: u16) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port + offset))
    }

    /// Where `izin simulate attacks` will have PayNet listen.
    fn urls(&self) -> Urls {
        let paynet = |offset| format!("https://localhost:{}", self.port + offset);
        let pages = format!("http://{}", self.address(5));
        Urls {
            authorization_server: paynet(3),
            resource_server: paynet(4),
            callback: format!("{pages}/callback"),
            pages,
            consumer: String::new(),
            consumers: Vec::new(),
        }
    }

    fn told(&self, file: &Path, pki: &Pki) -> String {
        let addresses = if self.port == 7700 {
            String::new()
        } else {
            format!(
                " \\\n    --authorization-server {} --resource-server {} --paynet-pages {}",
                self.address(3),
                self.address(4),
                self.address(5)
            )
        };
        format!(
            "Keys and a configuration are made. Start the Data Provider, and attack it from another terminal:\n\n  \
             izin serve --config {file}\n\n  \
             izin simulate attacks --target https://localhost:{webhooks} \\\n    \
             --pages-url http://{pages} --pki {pki}{addresses}\n",
            file = pasted(file),
            webhooks = self.port + 2,
            pages = self.address(1),
            pki = pasted(pki.dir()),
        )
    }
}

/// As a shell takes it for one word.
fn pasted(path: &Path) -> String {
    let path = path.display().to_string();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+,:@%".contains(&byte);
    if path.bytes().all(is_plain) {
        path
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn the_configuration_can_be_started_and_is_not_overwritten() {
        let place = tempfile::tempdir().unwrap();
        let setup = Setup {
            folder: place.path().join("lab"),
            port: 7_800,
        };
        setup.make().await.unwrap();
        let file = setup.folder.join("izin.toml");
        let config = Config::load(Some(&file), "").unwrap();
        config.check().unwrap();
        let issuer = config.ofp.authorization_server.as_deref();
        assert_eq!(issuer, Some("https://localhost:7803"));
        assert!(Pki::open(setup.folder.join("pki")).is_ok());
        let again = setup.make().await.unwrap_err().to_string();
        assert!(again.contains("is there already"), "{again}");
    }

    /// The shell itself is asked.
    #[tokio::test]
    async fn its_commands_can_be_pasted() {
        let place = tempfile::tempdir().unwrap();
        let setup = Setup {
            folder: place.path().join("it's \"my\" $HOME"),
            port: 7_800,
        };
        let told = setup.make().await.unwrap();
        let command = told
            .lines()
            .find_map(|line| line.trim().strip_prefix("izin serve --config "));
        let script = format!("printf %s {}", command.unwrap());
        let words = std::process::Command::new("sh")
            .args(["-c", &script])
            .output()
            .unwrap();
        let file = setup.folder.join("izin.toml");
        assert_eq!(
            String::from_utf8(words.stdout).unwrap(),
            file.display().to_string()
        );

        let folder = place.path().join("two\nlines");
        let refused = Setup {
            folder: folder.clone(),
            port: 7_800,
        }
        .make()
        .await
        .unwrap_err();
        assert!(refused.to_string().contains("control character"));
        assert!(!folder.exists());
    }
}
