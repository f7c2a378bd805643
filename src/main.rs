//! The `alphaflow` binary.
fn main() -> std::process::ExitCode {
    alphaflow::cli::main()
}
