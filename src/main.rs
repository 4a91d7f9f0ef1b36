//! The `izin` command.

fn main() -> std::process::ExitCode {
    izin::Institution::default().main()
}
