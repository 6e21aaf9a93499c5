//! The files of `tests/corpus`: tiny ones that the fuzz target came to, each named after what becomes of it.

use crate::invariants::{limits, planned};
use elf_load_plan::{LoadPlan, LoadPlanError, PageSource};
use std::fs;
use std::path::Path;

/// The error's name, such as `OutOfOrder`, or a letter for each page, such as `Ok.SCZ`: shared, copied, zeroed.
fn name_of(outcome: Result<LoadPlan, LoadPlanError>) -> String {
    let plan = match outcome {
        Ok(plan) => plan,
        Err(error) => {
            let with_fields = format!("{error:?}");
            return with_fields.split(' ').next().unwrap().to_owned();
        }
    };
    let letters = plan.pages().map(|planned| match planned.source {
        PageSource::Shared(_) => 'S',
        PageSource::Copied(_) => 'C',
        PageSource::Zeroed => 'Z',
    });
    format!("Ok.{}", letters.collect::<String>())
}

#[test]
fn every_file_of_the_corpus_comes_to_what_it_is_named_after() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let outcome = planned(&fs::read(&path).unwrap(), &limits());
        assert_eq!(path.file_stem().unwrap(), name_of(outcome).as_str());
        count += 1;
    }
    assert!(count > 0);
}
