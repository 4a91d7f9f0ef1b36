//! `izin demo`.
use clap::Args;
#[derive(Debug, Args)]
pub struct Demo {}
impl Demo { pub async fn run(self) -> anyhow::Result<()> { Ok(()) } }
