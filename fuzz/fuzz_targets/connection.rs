#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        // A program of Rust's own ignores it; here `main` is libFuzzer's, and a client that goes
        // would end the process.
        let ignored = std::sync::Arc::default();
        signal_hook::flag::register(signal_hook::consts::SIGPIPE, ignored).expect("it is no fatal signal");
    },
    |data: &[u8]| targets::connection(data)
);
