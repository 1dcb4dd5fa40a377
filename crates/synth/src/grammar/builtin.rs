//! Builtin: rules that are made up letter by letter: names, addresses, dates, identifiers.
//! In: dice. Out: text appended to a buffer.
//! Invariant: nothing names a real person, company or place; domains end in `.example`.
//! Not here: rules that are lists of words (`words.txt`).

use std::fmt::Write as _;

use crate::dice::Dice;

/// A rule that is code.
#[derive(Debug, Clone, Copy)]
pub(super) enum Builtin {
    Given,
    Family,
    Person,
    Company,
    Place,
    Brand,
    Email,
    Date,
    Clock,
    Hex,
    Blob,
    Table,
    Matrix,
    HanName,
    HanCity,
    HanFirm,
}

/// The names under which rules call them.
pub(super) const ALL: &[(&str, Builtin)] = &[
    ("given", Builtin::Given),
    ("family", Builtin::Family),
    ("person", Builtin::Person),
    ("company", Builtin::Company),
    ("place", Builtin::Place),
    ("brand", Builtin::Brand),
    ("email_address", Builtin::Email),
    ("date", Builtin::Date),
    ("clock", Builtin::Clock),
    ("hex", Builtin::Hex),
    ("blob", Builtin::Blob),
    ("figures", Builtin::Table),
    ("matrix", Builtin::Matrix),
    ("han_name", Builtin::HanName),
    ("han_city", Builtin::HanCity),
    ("han_firm", Builtin::HanFirm),
];

const HEADS: &[&str] = &[
    "Al", "Be", "Ca", "Da", "El", "Fa", "Gi", "Ha", "In", "Jo", "Ka", "Le", "Ma", "Ni", "Or", "Pa", "Ri", "Sa", "Te",
    "Ul", "Va", "Wi", "Xe", "Yo", "Za", "Ami", "Bru", "Cle", "Dori", "Eva", "Fre", "Gre", "Hel", "Isa", "Jul", "Kri",
    "Lo", "Mi", "No", "Oli", "Per", "Ro", "Si", "Tho", "Ve",
];
const TAILS: &[&str] = &[
    "na", "lia", "ro", "ka", "nne", "ric", "vin", "dra", "to", "mir", "sha", "bel", "ton", "la", "ria", "nik", "dan",
    "sse", "ra", "lo", "nia", "ve", "rin", "tte", "ma", "yn", "jo", "kim", "zan", "pe",
];
const ROOTS: &[&str] = &[
    "bar", "cor", "del", "fen", "gal", "hol", "jar", "kel", "lan", "mor", "nor", "pol", "quin", "ros", "sol", "tan",
    "ul", "var", "wes", "yar", "zel", "bri", "cas", "dun", "ester", "fal", "gran", "hart", "ing", "kes", "lom", "mel",
];
const ENDS: &[&str] = &[
    "ado", "berg", "cott", "dale", "er", "field", "gate", "holm", "ides", "kov", "ley", "mann", "nez", "ov", "quist",
    "ren", "sen", "thorpe", "ura", "vik", "ward", "yama", "zone", "ton", "bury", "stead", "mere", "ford", "ham",
    "lund",
];
const TRADES: &[&str] = &[
    " Logistics",
    " Foods",
    " Analytics",
    " Health",
    " Energy",
    " Travel",
    " Labs",
    " Partners",
    " Insurance",
    " Books",
    " Robotics",
    " Farms",
    " Media",
    " Bank",
    " Studios",
    " Pharma",
    " Motors",
    " Textiles",
    " Water",
    " Optics",
    "",
];
const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const SURNAMES: &[char] = &[
    '林', '陈', '黄', '周', '吴', '徐', '孙', '马', '朱', '胡', '郭', '何', '高', '罗', '郑', '梁', '谢', '宋', '唐',
    '许',
];
const GIVENS: &[char] = &[
    '明', '芳', '伟', '静', '磊', '洋', '婷', '杰', '娟', '涛', '敏', '超', '霞', '平', '刚', '桂', '英', '文', '辉',
    '玲', '宇', '欣', '悦', '辰', '睿', '佳', '宁', '然', '泽', '琳',
];
const PLACES: &[char] = &[
    '云', '青', '河', '海', '松', '梅', '石', '白', '龙', '清', '江', '南', '北', '东', '安', '平', '永', '新', '和',
    '丰',
];

impl Builtin {
    /// Appends one draw to `out`.
    pub(super) fn write(self, dice: &mut Dice, out: &mut String) {
        match self {
            Self::Given => {
                out.push_str(dice.pick(HEADS));
                out.push_str(dice.pick(TAILS));
            }
            Self::Family => rooted(dice, out),
            Self::Person => {
                Self::Given.write(dice, out);
                out.push(' ');
                rooted(dice, out);
            }
            Self::Company => {
                rooted(dice, out);
                out.push_str(dice.pick(TRADES));
            }
            Self::Place => {
                out.push_str(dice.pick(&["", "", "", "Port ", "North ", "Saint ", "New ", "Lake ", "Upper "]));
                rooted(dice, out);
            }
            Self::Brand => {
                out.push_str(dice.pick(HEADS));
                out.push_str(dice.pick(ROOTS));
                out.push_str(dice.pick(&["", "ix", "io", "ly", "a", "o", "um", "ex"]));
            }
            Self::Email => {
                let start = out.len();
                Self::Given.write(dice, out);
                out.push(dice.pick(&['.', '_', '-']));
                rooted(dice, out);
                if let Some(local) = out.get_mut(start..) {
                    local.make_ascii_lowercase();
                }
                let _ = write!(out, "@{}{}.example", dice.pick(ROOTS), dice.pick(ENDS));
            }
            Self::Date => {
                let (day, month, year) = (dice.range(1, 28), dice.below(12), dice.range(2019, 2026));
                let _ = match dice.below(3) {
                    0 => write!(out, "{day} {} {year}", MONTHS[month]),
                    1 => write!(out, "{year}-{:02}-{day:02}", month + 1),
                    _ => write!(out, "{} {day}, {year}", MONTHS[month]),
                };
            }
            Self::Clock => {
                let _ = write!(out, "{:02}:{:02}", dice.below(24), dice.below(12) * 5);
            }
            Self::Hex => {
                let _ = write!(out, "{:08x}", dice.bits() as u32);
            }
            Self::Blob => {
                const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
                for _ in 0..dice.range(40, 120) {
                    out.push(char::from(LETTERS[dice.below(LETTERS.len())]));
                }
                out.push('=');
            }
            Self::Table => {
                for row in 0..dice.range(3, 7) {
                    if row > 0 {
                        out.push('\n');
                    }
                    Self::Brand.write(dice, out);
                    for _ in 0..3 {
                        let _ = write!(out, ",{}", dice.range(3, 9800));
                    }
                }
            }
            Self::Matrix => {
                let n = dice.range(2, 3);
                for row in 0..n {
                    out.push_str(if row == 0 { "[[" } else { ", [" });
                    for column in 0..n {
                        let _ = write!(out, "{}{}", if column == 0 { "" } else { ", " }, dice.range(-9, 12));
                    }
                    out.push(']');
                }
                out.push(']');
            }
            Self::HanName => {
                out.push(dice.pick(SURNAMES));
                for _ in 0..dice.range(1, 2) {
                    out.push(dice.pick(GIVENS));
                }
            }
            Self::HanCity => {
                out.push(dice.pick(PLACES));
                out.push(dice.pick(PLACES));
                out.push(dice.pick(&['市', '县', '镇', '区']));
            }
            Self::HanFirm => {
                out.push(dice.pick(PLACES));
                out.push(dice.pick(GIVENS));
                out.push_str(
                    dice.pick(&["科技", "物流", "食品", "医药", "教育", "电子", "传媒", "建材", "服饰", "能源"]),
                );
                out.push_str(dice.pick(&["", "公司", "集团", "有限公司"]));
            }
        }
    }
}

fn rooted(dice: &mut Dice, out: &mut String) {
    let start = out.len();
    out.push_str(dice.pick(ROOTS));
    out.push_str(dice.pick(ENDS));
    if let Some(first) = out.get_mut(start..start + 1) {
        first.make_ascii_uppercase();
    }
}
