//! The two palettes of our pages, held to WCAG 2.2: 4.5 : 1 for text, 3 : 1 for controls.

use std::collections::HashMap;

const CSS: &str = include_str!("../../templates/palette.css");

/// The colours of one `:root` block.
fn palette(block: &str) -> HashMap<&str, [u8; 3]> {
    let properties = block
        .split(';')
        .filter_map(|line| line.trim().split_once(':'));
    properties
        .filter_map(|(name, value)| {
            let digits = value.trim().strip_prefix('#')?;
            let channel = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
            Some((
                name.trim().strip_prefix("--")?,
                [channel(0), channel(2), channel(4)],
            ))
        })
        .collect()
}

/// Light and dark.
fn palettes() -> [HashMap<&'static str, [u8; 3]>; 2] {
    let mut blocks = CSS
        .split(":root {")
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap());
    [
        palette(blocks.next().unwrap()),
        palette(blocks.next().unwrap()),
    ]
}

/// Relative luminance (WCAG 2.2).
fn luminance(color: [u8; 3]) -> f64 {
    let [red, green, blue] = color.map(|channel| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 {
            share / 12.92
        } else {
            ((share + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}

#[track_caller]
fn check(names: &[&str], grounds: &[&str], least: f64) {
    for (palette, shade) in palettes().iter().zip(["light", "dark"]) {
        for name in names {
            for ground in grounds {
                let seen = contrast(palette[name], palette[ground]);
                assert!(
                    seen >= least,
                    "{shade}: {name} on {ground} is {seen:.2} : 1"
                );
            }
        }
    }
}

#[test]
fn text_is_readable_in_both_palettes() {
    check(
        &["ink", "dim", "error", "warning", "help", "focus"],
        &["ground", "panel", "hover"],
        4.5,
    );
    check(
        &["ink", "comment", "keyword", "string", "number", "error"],
        &["panel", "now"],
        4.5,
    );
}

#[test]
fn controls_can_be_told_from_their_ground_in_both_palettes() {
    check(&["edge", "focus", "rule"], &["ground", "panel"], 3.0);
}

#[test]
fn both_palettes_name_the_same_colours() {
    let names = palettes().map(|palette| {
        let mut names: Vec<_> = palette.into_keys().collect();
        names.sort_unstable();
        names
    });
    assert_eq!(names[0], names[1]);
}
