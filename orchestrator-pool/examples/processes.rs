//! Processes that are kept for the next caller, each proven to answer before it is lent: a pool
//! for each program. (On Unix: the programs are `cat` and `tr`.)
//!
//! `cargo run -p orchestrator-pool --example processes`

#![expect(clippy::print_stdout, reason = "a program for people")]

use std::{
    error::Error,
    io,
    process::{ExitStatus, Stdio},
};

use orchestrator_pool::{Manager, PoolConfig, PoolStats, ResourcePools};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let (answers, stats) = run().await?;
    println!("{}", answers.join("\n"));
    for (program, stats) in stats {
        println!("{program}: {stats:?}");
    }
    Ok(())
}

/// A program that answers each line with one.
pub(crate) struct Server {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) async fn ask(&mut self, question: &str) -> io::Result<String> {
        self.questions
            .write_all(format!("{question}\n").as_bytes())
            .await?;
        let mut answer = String::new();
        match self.answers.read_line(&mut answer).await? {
            0 => Err(io::Error::other("it has ended without an answer")),
            _ => Ok(answer.trim_end().to_owned()),
        }
    }

    pub(crate) async fn kill(&mut self) -> io::Result<ExitStatus> {
        self.child.start_kill()?;
        self.child.wait().await
    }
}

/// Starts one program, and asks it for a sign of life.
pub(crate) struct Servers(&'static str);

impl Manager for Servers {
    type Resource = Server;
    type Error = io::Error;

    async fn create(&self) -> io::Result<Server> {
        let mut child = Command::new("sh")
            .args(["-c", self.0])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(questions), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("it has no pipes"));
        };
        Ok(Server {
            child,
            questions,
            answers: BufReader::new(answers),
        })
    }

    /// An answer of the last caller that was never read would be found here, in place of this one.
    async fn recycle(&self, server: &mut Server) -> io::Result<()> {
        match server.ask("1234").await?.as_str() {
            "1234" => Ok(()),
            other => Err(io::Error::other(format!("it answers {other} to 1234"))),
        }
    }
}

pub(crate) const SAME: &str = "exec cat";
pub(crate) const UPPER: &str = "while read -r line; do echo \"$line\" | tr a-z A-Z; done";

pub(crate) async fn run() -> Result<(Vec<String>, Vec<(&'static str, PoolStats)>), Box<dyn Error>> {
    let servers =
        ResourcePools::new(|program: &&'static str| (Servers(program), PoolConfig::default()));
    let mut answers = Vec::new();
    for question in ["one", "two", "three"] {
        answers.push(servers.checkout(&SAME).await?.ask(question).await?);
        answers.push(servers.checkout(&UPPER).await?.ask(question).await?);
    }
    // One that has died is not lent again, but replaced.
    servers.checkout(&SAME).await?.kill().await?;
    answers.push(servers.checkout(&SAME).await?.ask("four").await?);
    // Nor is one that has not been listened to.
    let mut server = servers.checkout(&UPPER).await?;
    server.questions.write_all(b"secret\n").await?;
    drop(server);
    answers.push(servers.checkout(&UPPER).await?.ask("five").await?);
    let mut stats = servers.stats();
    stats.sort_by_key(|(program, _)| *program);
    servers.drain().await;
    Ok((answers, stats))
}
