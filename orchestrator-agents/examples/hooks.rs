//! A mission with hooks of its own: one that keeps work on some files from landing, and one that
//! tells what the models are asked.
//!
//! `cargo run -p orchestrator-agents --example hooks -- REPOSITORY OBJECTIVE FORBIDDEN-FOLDER`

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::error::Error;
use std::sync::Arc;

use orchestrator_agents::hooks::{Hook, Phase};
use orchestrator_agents::{
    BeforeModelAction, BeforeModelCall, Hooks, MechanicalModel, MissionOptions, PlanReady,
    StepAction, StopSignal, Unobserved, run_mission,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [repository, objective, forbidden] = &arguments[..] else {
        return Err("give a repository, an objective and a folder that no work may touch".into());
    };

    let hooks = Hooks::standard()?;
    let forbidden = forbidden.clone();
    let fence = Hook::new("fence", move |plan: &PlanReady| {
        let files = plan.items.iter().flat_map(|item| &item.files);
        let mut beneath = files.filter(|file| file.as_str().starts_with(&forbidden));
        beneath.next().map_or(StepAction::Proceed, |file| {
            StepAction::Refuse(format!("the plan touches {file}"))
        })
    });
    hooks.plan_ready.register(fence)?.keep();
    // Last of all, so that it sees what goes out: reminded, redacted and shortened.
    let tell = Hook::new("tell", |call: &BeforeModelCall| {
        println!(
            "{} asks: {} messages",
            call.role,
            call.request.messages.len()
        );
        BeforeModelAction::Send
    });
    let tell = tell.phase(Phase::Late).after("resource-control");
    hooks.before_model_call.register(tell)?.keep();
    println!("{}\n", hooks.before_model_call.explain());

    let mut options = MissionOptions::new(objective, repository);
    options.hooks = Some(Arc::new(hooks));
    let model = Arc::new(MechanicalModel::new());
    let summary = run_mission(options, model, Arc::new(Unobserved), StopSignal::default()).await?;
    println!("\n{:?}: {}", summary.outcome, summary.reason);
    println!("{:#?}", summary.metrics);
    Ok(())
}
