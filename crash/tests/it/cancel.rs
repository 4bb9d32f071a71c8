//! Every public future of `orchestrator-state`, dropped at each of its await points: nothing is lost,
//! no waker is kept, and what comes later works.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use orchestrator_crash::{Dropped, drop_at_every_await};
use orchestrator_state::{
    Changes, Durability, Holder, Interest, Journal, JournalConfig, StateStore, StoreConfig, Table,
    UpdateError, Watch, WatchError, verify,
};

const MODES: [Durability; 3] = [
    Durability::Immediate,
    Durability::Batched(Duration::from_millis(1)),
    Durability::None,
];

/// How often each is tried: where the other threads are is chance.
const ROUNDS: u64 = 40;

#[test]
fn a_ticket() {
    for durability in MODES {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = JournalConfig::default()
            .with_durability(durability)
            .open(folder.path(), &Holder::new("crash"))
            .unwrap();
        let made = Cell::new(0_u64);
        for _ in 0..ROUNDS {
            let submit = || {
                made.set(made.get() + 1);
                let data = made.get().to_string();
                journal.submit("step", data.as_bytes()).unwrap()
            };
            let done =
                drop_at_every_await(submit, |dropped| assert_eq!(dropped.wakers, 0)).unwrap();
            done.output.unwrap();
            // What comes later works, and stands behind all that was dropped.
            made.set(made.get() + 1);
            assert_eq!(journal.append("step", &made.get()).unwrap().seq, made.get());
        }
        drop(journal);
        assert_eq!(verify(folder.path()).unwrap().records, made.get());
        let kept = Journal::read(folder.path()).unwrap();
        let kept: Vec<u64> = kept
            .map(|record| record.unwrap().decode().unwrap())
            .collect();
        let all: Vec<u64> = (1..=made.get()).collect();
        assert_eq!(kept, all, "{durability:?}");
    }
}

/// Stores in memory and on a disk, with one table.
fn stores(mut with: impl FnMut(StateStore, Table<u64, u64>)) {
    let in_memory = StateStore::in_memory();
    let table = in_memory.table("rows").expect("a table");
    with(in_memory, table);
    for durability in MODES {
        let folder = tempfile::tempdir().expect("a folder");
        let (store, _) = StoreConfig::default()
            .with_durability(durability)
            .open(folder.path(), &Holder::new("crash"))
            .expect("a store in an empty folder");
        let table = store.table("rows").expect("a table");
        with(store, table);
        verify(folder.path()).expect("what is left is sound");
    }
}

#[test]
fn a_pending_commit() {
    stores(|store, table| {
        let made = Cell::new(0_u64);
        for _ in 0..ROUNDS {
            let submit = || {
                made.set(made.get() + 1);
                let number = made.get();
                let put = store.submit_update::<_, UpdateError>(|tx| {
                    tx.put(&table, number, number);
                    Ok(())
                });
                put.unwrap().1
            };
            let check = |dropped: Dropped| assert_eq!(dropped.wakers, 0);
            let done = drop_at_every_await(submit, check).unwrap();
            assert_eq!(done.output.unwrap().get(), made.get());
        }
        store.flush().unwrap();
        let rows: Vec<u64> = store
            .snapshot()
            .rows(&table)
            .into_iter()
            .map(|(key, value)| if key == *value { key } else { 0 })
            .collect();
        let all: Vec<u64> = (1..=made.get()).collect();
        assert_eq!(rows, all);
    });
}

/// A waker that says when it is woken.
struct Told(mpsc::Sender<()>);

impl Wake for Told {
    fn wake(self: Arc<Self>) {
        // Nobody listens any more where the future was ready at once.
        let _ = self.0.send(());
    }
}

/// A commit that only reads what another has written waits for the same record as that one does.
#[test]
fn a_pending_commit_beside_one_that_has_read_it() {
    stores(|store, table| {
        let made = Cell::new(0_u64);
        let beside = RefCell::new(None);
        for _ in 0..ROUNDS {
            let submit = || {
                made.set(made.get() + 1);
                let number = made.get();
                let put = store.submit_update::<_, UpdateError>(|tx| {
                    tx.put(&table, 0, number);
                    Ok(())
                });
                let get =
                    store.submit_update::<_, UpdateError>(|tx| Ok(tx.get(&table, &0).map(|v| *v)));
                let (got, mut get) = get.unwrap();
                assert_eq!(got, Some(number));
                let (tell, told) = mpsc::channel();
                let waker = Waker::from(Arc::new(Told(tell)));
                let ready = Pin::new(&mut get).poll(&mut Context::from_waker(&waker));
                *beside.borrow_mut() = ready.is_pending().then_some((get, told));
                put.unwrap().1
            };
            let done = drop_at_every_await(submit, |dropped| {
                assert_eq!(dropped.wakers, 0);
                // Whatever has become of the other, this one is woken, and is ready then.
                if let Some((mut get, told)) = beside.take() {
                    told.recv_timeout(Duration::from_secs(10)).unwrap();
                    match Pin::new(&mut get).poll(&mut Context::from_waker(Waker::noop())) {
                        Poll::Ready(version) => assert_eq!(version.unwrap().get(), made.get()),
                        Poll::Pending => panic!("it was woken for nothing"),
                    }
                }
            });
            assert_eq!(done.unwrap().output.unwrap().get(), made.get());
        }
    });
}

/// A watcher out of its place, which goes back there whatever happens.
struct Borrowed<'p> {
    place: &'p RefCell<Option<Watch<u64, u64>>>,
    watch: Option<Watch<u64, u64>>,
}

impl<'p> Borrowed<'p> {
    fn from(place: &'p RefCell<Option<Watch<u64, u64>>>) -> Self {
        let watch = place.borrow_mut().take();
        Self { place, watch }
    }

    async fn next(&mut self) -> Result<Changes<u64, u64>, WatchError> {
        self.watch.as_mut().expect("it is put back").changed().await
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        *self.place.borrow_mut() = self.watch.take();
    }
}

#[test]
fn the_next_change() {
    stores(|store, table| {
        let (_, watch) = store.watch(&table, Interest::all(), 1_000);
        let place = RefCell::new(Some(watch));
        let (ask, asked) = mpsc::channel::<()>();
        let (writer, written) = {
            let (store, table) = (store.clone(), table.clone());
            let (tell, written) = mpsc::channel();
            let writer = std::thread::spawn(move || {
                for number in 1.. {
                    if asked.recv().is_err() {
                        break;
                    }
                    let (_, version) = store.update(|tx| tx.put(&table, number, number)).unwrap();
                    tell.send(version).unwrap();
                }
            });
            (writer, written)
        };
        let mut told = Vec::new();
        for _ in 0..ROUNDS {
            // Something happens only when a future has begun to wait, so each is dropped while it
            // waits, or when it was woken.
            let make = || async {
                let mut watch = Borrowed::from(&place);
                let mut next = pin!(watch.next());
                poll_fn(|context| {
                    let poll = next.as_mut().poll(context);
                    if poll.is_pending() {
                        ask.send(()).unwrap();
                    }
                    poll
                })
                .await
            };
            let check = |dropped: Dropped| assert_eq!(dropped.wakers, 0);
            let changes = drop_at_every_await(make, check).unwrap().output.unwrap();
            told.push(changes.version);
        }
        drop(ask);
        writer.join().unwrap();
        let mut watch = place.take().unwrap();
        while let Some(changes) = watch.try_recv().unwrap() {
            told.push(changes.version);
        }
        let written: Vec<_> = written.iter().collect();
        assert!(
            written.len() > ROUNDS as usize / 2,
            "hardly anything waited"
        );
        assert_eq!(told, written, "each, in order, once");
        // The store that is gone ends it, also for one that waits.
        let place = RefCell::new(Some(watch));
        let mut last = Some(store);
        let make = || async { Borrowed::from(&place).next().await.map(|_| ()) };
        let end = drop_at_every_await(make, |dropped| {
            assert_eq!(dropped.wakers, 0);
            if dropped.polls > 0 {
                last = None;
            }
        });
        assert_eq!(end.unwrap().output, Err(WatchError::Closed));
    });
}
