use std::collections::BTreeMap;
use std::fmt;

/// What the clients did, and what came of it.
#[derive(Default)]
pub(crate) struct Tally {
    scenes: BTreeMap<&'static str, BTreeMap<String, usize>>,
    /// What should not have been, in words.
    pub(crate) wrong: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, scene: &'static str, outcome: &str) {
        let outcomes = self.scenes.entry(scene).or_default();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
    }

    /// How often this came, in all scenes or in one.
    pub(crate) fn count(&self, scene: Option<&str>, outcome: &str) -> usize {
        let scenes = self.scenes.iter();
        let scenes = scenes.filter(|(name, _)| scene.is_none_or(|scene| scene == **name));
        scenes
            .filter_map(|(_, outcomes)| outcomes.get(outcome))
            .sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (scene, outcomes) in &self.scenes {
            write!(f, "{scene:<44}")?;
            for (outcome, count) in outcomes {
                write!(f, " {outcome}: {count}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
