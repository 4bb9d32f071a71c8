//! The bundled orchestrator.

fn main() {}
