#!/usr/bin/env python3
"""Labels public corpora for `stillwatch train`: one JSON object a line on standard output.

    label_corpora.py --corpora DIR > corpora.jsonl

DIR holds files NAME.jsonl.zst (or .jsonl), one object a line with `source`, `split`, `template_id`, `prompt`. The label of a text
is read off its file and template, by the table below; no text is looked into. Sources that may only be measured on get the split
`test`. What a label means: docs/cues.md. Same input, same output.
"""
import argparse
import hashlib
import json
import os
import subprocess
import sys

FR, VR, LR, RG, TC, TG, IE, PS, SP, TT, RR, CF = (
    "forced-reasoning", "verbatim-reasoning", "laundered-reasoning", "rubric-grading", "trace-cleaning", "task-generation",
    "instruction-evolution", "persona-synthesis", "self-play-dialogue", "tool-trajectories", "refusal-rewrite", "coerced-format")

# (file, beginning of template_id or None for any, beginning of split, cues, unsure, capability)
# The first row that fits is taken; a file that no row names is left out.
TABLE = [
    ("agent_swe", None, "", [], [CF, TT], "tool-use"),
    ("agent_taubench", None, "", [], [TT], "tool-use"),
    ("airoboros_gen", "airoboros/coding", "", [TG, CF], [], "coding"),
    ("airoboros_gen", "airoboros/writing", "", [TG, CF], [], "writing"),
    ("airoboros_gen", "airoboros/joke", "", [TG, CF], [], "writing"),
    ("airoboros_gen", "airoboros/song", "", [TG, CF], [], "writing"),
    ("airoboros_gen", "airoboros/multiple_choice", "", [TG, CF], [], "knowledge"),
    ("airoboros_gen", "airoboros/trivia", "", [TG, CF], [], "knowledge"),
    ("airoboros_gen", "airoboros/agent", "", [TG, CF], [TT], "tool-use"),
    ("airoboros_gen", "airoboros/plan", "", [TG, CF], [TT], "tool-use"),
    ("airoboros_gen", "airoboros/card", "", [TG, CF], [PS], "writing"),
    ("airoboros_gen", "airoboros/orca", "", [TG, CF], [FR], "reasoning"),
    ("airoboros_gen", "airoboros/cot", "", [TG, CF], [FR], "reasoning"),
    ("airoboros_gen", None, "", [TG, CF], [], None),
    ("camel_roleplay", "camel/code.GENERATE_TASKS", "", [TG], [], "coding"),
    ("camel_roleplay", "camel/ai_society.GENERATE_TASKS", "", [TG], [PS], None),
    ("camel_roleplay", "camel/TASK_SPECIFY", "", [IE], [TG, SP], None),
    ("camel_roleplay", "camel/ASSISTANT_PROMPT", "", [SP], [CF, PS, TG], None),
    ("camel_roleplay", "camel/USER_PROMPT", "", [SP], [CF, PS, TG], None),
    ("ci_commit_review", "aider/commit_system", "", [], [CF], "coding"),
    ("ci_commit_review", None, "", [CF], [RG], "coding"),
    ("cosmopedia_web", None, "", [PS], [TG], "writing"),
    ("cot_gsm8k_distill", None, "", [], [], "maths"),
    ("eval_bbh", None, "", [], [], "reasoning"),
    ("eval_math_code", "lm-eval/minerva_math", "", [], [CF], "maths"),
    ("eval_math_code", None, "ifeval", [], [CF], None),
    ("eval_math_code", "bigcode", "", [], [], "coding"),
    ("eval_math_code", "humaneval", "", [], [], "coding"),
    ("eval_math_code", None, "", [], [], "maths"),
    ("eval_mmlu_cot5", None, "", [], [], "knowledge"),
    ("human_arena", None, "", [], [], None),
    ("human_dolly_lima_oasst", None, "dolly:creative_writing", [], [], "writing"),
    ("human_dolly_lima_oasst", None, "dolly:open_qa", [], [], "knowledge"),
    ("human_dolly_lima_oasst", None, "dolly:closed_qa", [], [], "knowledge"),
    ("human_dolly_lima_oasst", None, "", [], [], None),
    ("human_short_questions", None, "", [], [], "knowledge"),
    ("judge_mtbench", "fastchat_judge/single-v1-multi-turn", "", [], [RG, CF], None),
    ("judge_mtbench", "fastchat_judge/single-math-v1-multi-turn", "", [], [RG, CF], None),
    ("judge_mtbench", None, "", [RG, CF], [], "grading"),
    ("magicoder_oss", None, "", [TG], [CF], "coding"),
    ("opengpt_grounded", "opengpt/f4df95ec69", "", [SP, TG], [CF], "knowledge"),
    ("opengpt_grounded", None, "", [TG], [CF], "knowledge"),
    ("openthoughts_r1", "openthoughts/r1_math", "", [FR, CF], [], "maths"),
    ("openthoughts_r1", None, "", [FR], [CF], "coding"),
    ("rag_summarise", None, "", [], [], "knowledge"),
    ("s1_gemini", "s1/grading", "", [RG], [CF], "grading"),
    ("s1_gemini", "s1/msc_classify", "", [], [RG, CF], None),
    ("s1_gemini", None, "bare:agieval", [], [], None),
    ("s1_gemini", None, "", [], [], "maths"),
    ("selfinstruct_davinci", "selfinstruct/clf_template_1", "", [], [TG, RG], None),
    ("selfinstruct_davinci", None, "", [TG], [CF], None),
    ("skyt1_longcot", "skyt1/system_code", "", [FR, CF], [], "coding"),
    ("skyt1_longcot", "skyt1/system", "", [FR, CF], [], "maths"),
    ("skyt1_longcot", "skyt1/grading_prompt", "", [RG, CF], [], "grading"),
    ("skyt1_longcot", "skyt1/convert_prompt", "", [TC], [FR, VR, CF], "maths"),
    ("swesmith_buggen", "swesmith/lm_rewrite", "", [], [TG, CF], "coding"),
    ("swesmith_buggen", None, "", [TG], [CF], "coding"),
    ("swesmith_traj", None, "", [], [TT, CF], "tool-use"),
    ("t0_batch", None, "", [], [], None),
    ("toolalpaca_gen", "toolalpaca/Instruction", "", [TT, TG], [], "tool-use"),
    ("toolalpaca_gen", "toolalpaca/Documentation", "", [TT, CF], [TG], "tool-use"),
    ("toolalpaca_gen", None, "", [TT], [TG, CF], "tool-use"),
    ("zh_legal_medical", None, "law:judical_examination", [], [FR], "knowledge"),
    ("zh_legal_medical", None, "", [], [], "knowledge"),
]

# May be measured on only (see the corpora's README).
MEASURE = {"human_short_questions", "opengpt_grounded", "rag_summarise", "zh_legal_medical"}
# Written by people, each text for itself: no template holds them together.
FREE = {"human_arena", "human_dolly_lima_oasst", "human_short_questions", "zh_legal_medical"}
# Honest traffic by which thresholds are set, besides FREE.
QUIET = {"agent_swe", "agent_taubench", "ci_commit_review", "eval_bbh", "eval_mmlu_cot5", "t0_batch"}
# Texts of one template that are learned, and that are kept for figures.
LEARN, KEEP = 150, 100
# Texts of one source with many templates that are learned, that set thresholds, and that are kept for figures.
MOST = {"train": 1500, "quiet": 1000, "test": 1000}


def rows(path):
    if path.endswith(".zst"):
        data = subprocess.run(["zstd", "-dcq", path], check=True, stdout=subprocess.PIPE).stdout
    else:
        data = open(path, "rb").read()
    for line in data.decode("utf-8").split("\n"):
        if line.strip():
            yield json.loads(line)


def label(name, row):
    template, split = row.get("template_id") or "", row.get("split") or ""
    for file, t, s, cues, unsure, capability in TABLE:
        if file == name and (t is None or template.startswith(t)) and split.startswith(s):
            return cues, unsure, capability
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--corpora", required=True)
    a = ap.parse_args()
    for file in sorted(os.listdir(a.corpora)):
        name = file.split(".jsonl")[0]
        if ".jsonl" not in file or not any(t[0] == name for t in TABLE):
            continue
        groups, out = {}, []
        for row in rows(os.path.join(a.corpora, file)):
            found = label(name, row)
            if found is None:
                continue
            # A number from the text itself decides what it is for: the same whatever the order of the files.
            lot = int.from_bytes(hashlib.sha256(row["prompt"].encode()).digest()[:6], "big")
            group = "" if name in FREE else (row.get("template_id") or row.get("split") or name)
            groups.setdefault(group if group else "free", []).append((lot, group, row["prompt"], found))
        for key in sorted(groups):
            texts = sorted(groups[key], key=lambda t: t[0])
            for place, (lot, group, prompt, (cues, unsure, capability)) in enumerate(texts):
                if name in MEASURE:
                    split = "test" if place < 3000 else None
                elif name in FREE:
                    split = ["train", "quiet", "train", "test"][place % 4]
                elif name in QUIET:
                    split = "train" if place < LEARN else "quiet" if place < LEARN + KEEP else "test" if place < LEARN + 2 * KEEP else None
                    if len(texts) < LEARN + 2 * KEEP:
                        split = ["train", "quiet", "test"][place % 3]
                else:
                    split = "train" if place < LEARN else "test" if place < LEARN + KEEP else None
                if split:
                    out.append((lot, {"text": prompt, "cues": cues, "unsure": unsure, "capability": capability, "source": name, "group": group, "split": split}))
        left = dict(MOST) if name in QUIET else {"train": 10**9, "quiet": 10**9, "test": 10**9}
        for _, o in sorted(out, key=lambda o: o[0]):
            left[o["split"]] -= 1
            if left[o["split"]] >= 0:
                sys.stdout.write(json.dumps(o, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
