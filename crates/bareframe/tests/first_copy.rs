//! The first long payload of a process, copied: nothing has asked yet which vectors there are. One test, so that no other is
//! before it.

use bareframe::{Masker, MaskingKey};

#[test]
fn s5_3_the_first_payload_may_be_copied() {
    let from = [b'a'; 5000];
    let mut out = [0; 5000];
    let mut masker = Masker::new(MaskingKey::new([1, 2, 3, 4]));
    assert_eq!(masker.apply_copy(&from, &mut out), Ok(5000));
    let expected = [b'a' ^ 1, b'a' ^ 2, b'a' ^ 3, b'a' ^ 4].repeat(1250);
    assert_eq!(out[..], expected);
}
