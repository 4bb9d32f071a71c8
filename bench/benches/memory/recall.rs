//! Ranking, alone and with all that recall does.

use std::{rc::Rc, time::Instant};

use bm25::{Language, SearchEngine, SearchEngineBuilder};
use orchestrator_bench::{Arguments, Better, Bout, Line, Peer, Result, Rng, quantile, versioned};
use orchestrator_memory::{Budget, MemoryStore, RankConfig, RecallWeights};
use tantivy::{
    Index, IndexReader, TantivyDocument,
    collector::TopDocs,
    query::QueryParser,
    schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions},
};

use crate::material::{ENTRIES, Material, WORDS, word, zipf};

pub(crate) const NAME: &str = "the best 50 by BM25";

/// How many are wanted.
const BEST: usize = 50;

/// How many questions are asked in a round.
const QUESTIONS: usize = 200;

/// What somebody has said, in a few of their words, and others.
fn questions(material: &Material) -> Vec<String> {
    let mut random = Rng::of(2);
    let questions = (0..QUESTIONS).map(|_| {
        let about = &material.texts[random.below(ENTRIES as u64) as usize];
        let words: Vec<&str> = about.split(' ').collect();
        let mut chosen: Vec<String> = (0..5)
            .map(|_| words[random.below(WORDS as u64) as usize].to_owned())
            .collect();
        chosen.extend((0..3).map(|_| word(zipf(&mut random))));
        format!("what did we say of {}", chosen.join(" "))
    });
    questions.collect()
}

/// The same ranking work: BM25 over stems.
pub(crate) fn bouts(material: &Material) -> Result<Vec<Bout<'_>>> {
    let peers = vec![Peer {
        name: "bm25",
        entrants: "bm25",
        target: 3.0,
    }];
    let ours = material.store(RankConfig::bm25(), RecallWeights::none());
    let documents = material.texts.iter().map(String::as_str);
    let theirs: SearchEngine<u32> =
        SearchEngineBuilder::<u32>::with_corpus(Language::English, documents.collect::<Vec<_>>())
            .build();
    let tantivy = InMemory::new(material)?;
    let questions = Rc::new(questions(material));
    let [mine, yours, others] = [(); 3].map(|()| Rc::clone(&questions));
    Ok(vec![
        Bout::new(NAME, "µs", Better::Less, peers)
            .beside("tantivy", "tantivy")
            .enter("ours", move || {
                each(&mine, |question| Ok(ours.rank(question, BEST).len()))
            })
            .enter(versioned("bm25"), move || {
                each(&yours, |question| Ok(theirs.search(question, BEST).len()))
            })
            .enter(versioned("tantivy"), move || {
                each(&others, |question| tantivy.search(question))
            }),
    ])
}

/// The mean time of a question, in microseconds.
fn each(questions: &[String], mut ask: impl FnMut(&str) -> Result<usize>) -> Result<f64> {
    let began = Instant::now();
    for question in questions {
        if ask(question)? != BEST {
            return Err("too little was found".into());
        }
    }
    Ok(began.elapsed().as_secs_f64() * 1e6 / questions.len() as f64)
}

/// An index in memory, of one segment.
struct InMemory {
    reader: IndexReader,
    parser: QueryParser,
}

impl InMemory {
    fn new(material: &Material) -> Result<Self> {
        let mut schema = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("en_stem")
            .set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let text: Field = schema.add_text_field("text", options);
        let index = Index::create_in_ram(schema.build());
        let mut writer = index.writer_with_num_threads(1, 500_000_000)?;
        for line in &material.texts {
            let mut document = TantivyDocument::default();
            document.add_text(text, line);
            writer.add_document(document)?;
        }
        writer.commit()?;
        let segments = index.searchable_segment_ids()?;
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        let reader = index.reader()?;
        reader.reload()?;
        Ok(Self {
            reader,
            parser: QueryParser::for_index(&index, vec![text]),
        })
    }

    fn search(&self, question: &str) -> Result<usize> {
        let query = self.parser.parse_query(question)?;
        let best = self
            .reader
            .searcher()
            .search(&query, &TopDocs::with_limit(BEST).order_by_score())?;
        Ok(best.len())
    }
}

const RECALL: &str = "a recall within 2,048 tokens, the 99th of 100";
const ADD: &str = "adding an entry";
const TURN: &str = "a turn, with its cue";

/// What has no peer: the whole of it.
pub(crate) fn lines(arguments: &Arguments, material: &Material) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    if ![RECALL, ADD, TURN].iter().any(|name| arguments.wants(name)) {
        return Ok(lines);
    }
    let began = Instant::now();
    let mut store = material.store(RankConfig::default(), RecallWeights::default());
    let each = began.elapsed().as_secs_f64() * 1e6 / ENTRIES as f64;
    lines.push(Line::below(ADD, each, "µs", 50.0, 0.0));
    lines.push(Line::below(
        RECALL,
        ninety_ninth(&store, material)?,
        "ms",
        5.0,
        0.0,
    ));
    let began = Instant::now();
    for text in &material.texts[..200] {
        store.turn(text);
    }
    let each = began.elapsed().as_secs_f64() * 1e3 / 200.0;
    lines.push(Line::baseline(TURN, each, "ms"));
    Ok(lines)
}

fn ninety_ninth(store: &MemoryStore, material: &Material) -> Result<f64> {
    let mut times = Vec::new();
    for question in questions(material).iter().cycle().take(1_000) {
        let began = Instant::now();
        let context = store.recall(question.as_str(), Budget::new(2_048))?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        if context.entries.len() < 10 {
            return Err("too little was recalled".into());
        }
    }
    Ok(quantile(&times, 0.99))
}
