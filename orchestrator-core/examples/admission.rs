//! Admission in front of an HTTP client: a service that takes two calls at a time, breaks down for
//! a while, and says how long to wait. Nothing is waited for without a reason that can be read.
//!
//! `cargo run -p orchestrator-core --example admission`

#![expect(clippy::print_stdout, reason = "an example is to be read")]

use std::{
    error::Error,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use orchestrator_core::{
    AdmissionConfig, AdmissionController, BreakerConfig, FailureKind, ModelKey, Priority,
    RateConfig, Request, SlotScaling, WhenBlocked,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = tokio::spawn(serve(listener));

    let model = ModelKey::new("loopback", "large");
    let per_minute = |number| NonZeroU32::new(number).ok_or("not zero");
    let config = AdmissionConfig::default()
        .with_role("worker", 3)
        .with_provider("loopback", SlotScaling::steps(1..=4).starting_at(2))
        .with_rate(
            model.clone(),
            RateConfig::default()
                .with_requests_per_minute(per_minute(6_000)?)
                .with_tokens_per_minute(per_minute(60_000)?)
                .with_token_burst(per_minute(1_000)?),
        )
        .with_breaker(
            Some(BreakerConfig::default().with_open_for(Duration::from_millis(400))),
            WhenBlocked::Wait,
        );
    let controller = AdmissionController::new(config);

    let calls: Vec<_> = (0..24)
        .map(|number| {
            let priority = [Priority::Normal, Priority::High, Priority::Normal][number % 3];
            let request = Request::new(["tidy", "port"][number % 2], "worker", model.clone())
                .with_priority(priority)
                .with_tokens(120)
                .with_deadline(Instant::now() + Duration::from_secs(20));
            let controller = controller.clone();
            tokio::spawn(async move {
                // Three attempts: between them there is nothing to wait for here, since whatever
                // stands in the way is waited for at the door.
                for _ in 0..3 {
                    let admission = controller.admit(&request).await?;
                    match call(address).await? {
                        Reply::Done { tokens } => {
                            admission.succeeded(tokens);
                            return Ok(true);
                        }
                        Reply::SlowDown { wait } => {
                            admission.failed(FailureKind::RateLimited, Some(wait));
                        }
                        Reply::Broken => admission.failed(FailureKind::Service, None),
                    }
                }
                Ok::<_, Failure>(false)
            })
        })
        .collect();

    let started = Instant::now();
    while calls.iter().any(|call| !call.is_finished()) {
        sleep(Duration::from_millis(150)).await;
        let waiting = controller.waiting();
        println!(
            "after {:.1} s {} run, {} wait",
            started.elapsed().as_secs_f64(),
            controller.stats().running,
            waiting.len(),
        );
        // Whoever waits for another reason than the one before.
        let mut last = String::new();
        for one in &waiting {
            let reason = one.reason.to_string();
            if reason != last {
                println!("  {one}");
            }
            last = reason;
        }
    }
    let mut done = 0;
    for call in calls {
        done += u32::from(call.await??);
    }
    println!("{done} of 24 calls done: {:?}", controller.stats());
    for stats in controller.key_stats() {
        let Some(used) = stats.utilization() else {
            continue;
        };
        println!(
            "  {}: {:.0} % of its slots used, half of the calls waited for less than {:?}",
            stats.key,
            used * 100.0,
            stats.waits.quantile(0.5),
        );
    }
    service.abort();
    Ok(())
}

enum Reply {
    Done { tokens: u32 },
    SlowDown { wait: Duration },
    Broken,
}

/// One request, and what the status line and the one header of interest say.
async fn call(address: std::net::SocketAddr) -> Result<Reply, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    let request = b"POST /v1/complete HTTP/1.1\r\nHost: loopback\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let number = |name: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().parse::<u32>().ok()
    };
    Ok(match answer.split(' ').nth(1) {
        Some("200") => Reply::Done {
            tokens: number("X-Tokens:").unwrap_or(0),
        },
        Some("429") => Reply::SlowDown {
            wait: Duration::from_secs(number("Retry-After:").unwrap_or(1).into()),
        },
        _ => Reply::Broken,
    })
}

/// Answers the 4th call with a wait of one second, and breaks down for the 8th to the 13th.
async fn serve(listener: TcpListener) -> Result<(), Failure> {
    let calls = Arc::new(AtomicU32::new(0));
    loop {
        let (mut stream, _) = listener.accept().await?;
        let number = calls.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::spawn(async move {
            let mut request = [0; 512];
            let _size = stream.read(&mut request).await?;
            sleep(Duration::from_millis(60)).await;
            let answer: &[u8] = match number {
                4 => {
                    b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
                }
                8..=13 => b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n",
                _ => b"HTTP/1.1 200 OK\r\nX-Tokens: 80\r\nConnection: close\r\n\r\n",
            };
            stream.write_all(answer).await
        });
    }
}
