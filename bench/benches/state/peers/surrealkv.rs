//! `surrealkv`: a log-structured merge tree with an asynchronous commit pipeline.

use std::path::Path;
use std::sync::Arc;

use ::surrealkv::{Durability as Syncing, Error, Tree, TreeBuilder};
use orchestrator_bench::{Counts, Failure, Load, Phase, Result, Rng, Session, Store};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::Durability;

/// What is done about conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflicts {
    /// Whoever was too late tries again.
    Retry,
    /// One client at a time, so that there are none.
    Turns,
}

/// Opens a tree in a folder. Its log is preallocated, which its documentation gives as the faster
/// way on ext4; the value log and the history of versions stay off, as they are by default.
pub(crate) fn open(
    folder: &Path,
    keys: u64,
    durability: Durability,
    conflicts: Conflicts,
) -> Result<Box<dyn Store>> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let options = ::surrealkv::Options::new()
        .with_path(folder.join("surrealkv"))
        .with_wal_preallocation(true);
    let tree = {
        let _inside = runtime.enter();
        Arc::new(TreeBuilder::with_options(options).build()?)
    };
    runtime.block_on(async {
        let mut tx = tree.begin()?;
        for key in 0..keys {
            tx.set(&key.to_be_bytes(), &0_u64.to_le_bytes())?;
        }
        tx.commit().await
    })?;
    let durability = match durability {
        Durability::None => Syncing::Eventual,
        Durability::Immediate => Syncing::Immediate,
    };
    Ok(Box::new(Surreal {
        runtime,
        clients: Clients {
            tree,
            durability,
            turn: (conflicts == Conflicts::Turns).then(Arc::default),
        },
    }))
}

struct Surreal {
    runtime: Runtime,
    clients: Clients,
}

/// What every client has of it.
#[derive(Clone)]
struct Clients {
    tree: Arc<Tree>,
    durability: Syncing,
    turn: Option<Arc<Mutex<()>>>,
}

impl Clients {
    /// One commit, tried again until nobody else was faster.
    async fn increment(&self, key: u64) -> Result {
        let key = key.to_be_bytes();
        let _turn = match &self.turn {
            Some(turn) => Some(turn.lock().await),
            None => None,
        };
        loop {
            let mut tx = self.tree.begin()?.with_durability(self.durability);
            let value = number(&tx.get(&key)?.ok_or("a key is gone")?)?;
            tx.set(&key, &(value + 1).to_le_bytes())?;
            match tx.commit().await {
                Ok(()) => return Ok(()),
                Err(Error::TransactionWriteConflict | Error::TransactionRetry) => {
                    tokio::task::yield_now().await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl Store for Surreal {
    fn session(&self) -> Result<Box<dyn Session + '_>> {
        Ok(Box::new(Client(self)))
    }

    fn sum(&self) -> Result<u64> {
        use ::surrealkv::LSMIterator;
        let tx = self.clients.tree.begin()?;
        let mut entries = tx.iter()?;
        let mut sum = 0;
        let mut more = entries.seek_first()?;
        while more {
            sum += number(&entries.value()?)?;
            more = entries.next()?;
        }
        Ok(sum)
    }

    /// A task a client: no thread has to be woken for each commit.
    fn carry(&self, load: &Load, phase: &Arc<Phase>) -> Option<Result<Counts>> {
        Some(self.tasks(*load, phase))
    }
}

impl Surreal {
    fn tasks(&self, load: Load, phase: &Arc<Phase>) -> Result<Counts> {
        self.runtime.block_on(async {
            let mut clients = JoinSet::new();
            for client in 0..load.clients {
                let (own, phase) = (self.clients.clone(), Arc::clone(phase));
                clients.spawn(async move {
                    let mut rng = Rng::of(client);
                    let mut counts = Counts::default();
                    loop {
                        own.increment(rng.below(load.keys)).await?;
                        if !phase.count(&mut counts) {
                            return Ok::<_, Failure>(counts);
                        }
                    }
                });
            }
            let mut sum = Counts::default();
            while let Some(counts) = clients.join_next().await {
                sum += counts??;
            }
            Ok(sum)
        })
    }
}

fn number(value: &[u8]) -> Result<u64> {
    Ok(u64::from_le_bytes(value.try_into()?))
}

struct Client<'a>(&'a Surreal);

impl Session for Client<'_> {
    fn increment(&mut self, key: u64) -> Result {
        let commit = self.0.clients.increment(key);
        self.0.runtime.block_on(commit)
    }

    fn read(&mut self, key: u64) -> Result<u64> {
        let value = self.0.clients.tree.begin()?.get(&key.to_be_bytes())?;
        number(&value.ok_or("a key is gone")?)
    }
}

impl Drop for Surreal {
    fn drop(&mut self) {
        // The folder is removed next, so nothing must write to it any more; what a close cannot
        // do is of no interest then.
        let closed = self.runtime.block_on(self.clients.tree.close());
        drop(closed);
    }
}
