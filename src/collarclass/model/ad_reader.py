"""One ad, read and judged: text and title in; scores, probabilities, label and note out.

`AdReader.read` goes the whole way. Two models give ratings: of ads, from all that is read, and of titles, from the
title alone. They count together: in a line the title's ratings count the less the more stands beside it, in an ad of
some length the ad's alone; where its text says too little, the title's.
"""

from __future__ import annotations

import math
from array import array

import numpy as np

from collarclass.definitions.labels import (
    BASES, DIMENSIONS, EMPTY, JUDGED, LABELS, LEFT_OPEN, LEVELS, NO_JOB, NO_WORK, SEVERAL_POSTS, TOO_LITTLE, UNCLEAR,
    UNKNOWN_LANGUAGE, VAGUE,
)  # fmt: skip
from collarclass.features.ad_terms import AdTerms
from collarclass.features.ad_words import AdWords, TokenShares
from collarclass.model.model import SHORT, SHORT_AD, TITLED, UNTITLED, WorkCheck
from collarclass.requirement_reader.reading import RequirementReader
from collarclass.text.ad_tokens import AdTokens
from collarclass.text.cut import Spelling, changes, cut, is_line, job_in, one_post, words_of
from collarclass.text.cells import join_title

try:
    import cython
except ImportError:
    from collarclass import compiled as cython

AD, TITLE = BASES.index("ad"), BASES.index("title")
N_DIMENSIONS, N_LABELS, N_LEVELS = len(DIMENSIONS), len(LABELS), len(LEVELS)
MAX_RATING = 4.0
MIN_WORDS = 4  # besides numbers
UNKNOWN_WORDS = -9.0  # log-odds that a title of unknown words alone names a job
SURELY = 1.0  # log-odds by which a title must name a job where the text says no work: its own word against the text's
MOST_REST = 30  # known n-grams beside the title of a line from which on the title's own ratings no longer count
MIN_REST = (2, 4)  # of a line without a title, in alphabetic script and in Chinese: with fewer it says nothing
MIN_BESIDE = 3  # of a line with a title: with fewer its words say nothing against the title
# A line is judged if what its title says of a job and its words of the work, each within limits, add up to this.
MIN_SAID = (1.5, -1.0)
LIMITS = (0.0, 8.0, -8.0, 4.0)  # lowest and highest of the first, and of the second
NAMED_SHARE = 0.6  # of the share of words that has to be known, where a title names a job
DOUBT = 0.4  # by how much of itself confidence sinks where all words of a title are unknown
# Columns that `store` fills.
N_NUMBERS, N_CODES = 10, 9


class AdReader:
    """Reads and judges one ad after the other; of one thread, filled anew by each `read`."""

    def __init__(self, model, lexicon):
        self.checks_work, shapes = model.work is not None, (len(model.text.scale), len(model.title.scale), (2, 3))
        work = model.work or WorkCheck(*[np.zeros(shape, np.float32) for shape in shapes])
        self.text_terms = terms_of(model.text, work.text_weight)
        self.title_terms = terms_of(model.title, work.title_weight)
        self.tokens, self.title_tokens, self.line_tokens = AdTokens(), AdTokens(), AdTokens()
        self.shares, self.words = TokenShares(), None
        self.requirements = RequirementReader(model.reader, lexicon)
        self.stated_weight = view_of(model.stated_weight)
        self.word_scale, self.start_of = view_of(model.word_scale), view_of(model.intercept)
        self.decision = view_of(model.decision)
        self.max_tokens, self.min_terms = int(model.limits["max_tokens"]), model.limits["min_terms"]
        self.min_known_share = model.limits["min_known_share"]
        self.work_start = view_of(work.start)
        self.intercept, self.scale, self.share = (array("d", bytes(16)) for _ in range(3))
        self.blended = memoryview(np.zeros((N_LABELS, 4)))
        self.remark = JUDGED
        self.sharpness, self.line = 1.0, None
        self.min_said, self.limits, self.min_rest = array("d", MIN_SAID), array("d", LIMITS), array("i", MIN_REST)
        self.score, self.gradient = array("d", bytes(16)), array("d", bytes(16))
        self.probability, self.logit = array("d", bytes(24)), array("d", bytes(24))
        self.certificate_status = array("i", bytes(8))
        self.has_titles = model.bare_title is not None
        if self.has_titles:
            self.take_titles(model.bare_title)

    def take_titles(self, bare):
        self.bare = terms_of(bare, bare.job)
        self.bare_start, self.bare_decision = view_of(bare.intercept), view_of(bare.decision)
        self.min_sure_job = float(bare.min_job[0] + np.float32(SURELY))
        self.spelling, self.least_job = Spelling(bytes(bare.words).decode("ascii").split()), float(bare.min_job[0])

    def jobs(self, titles):
        """Log-odds that each of some titles names a job."""
        found = []
        for title in titles:
            has_known = self.known_words(title) > 0
            if has_known:
                self.read_title(title)
            found.append(self.bare.job_sum if has_known else UNKNOWN_WORDS)
        return found

    def known_words(self, title):
        """The share of a title's words, of those in Latin letters, that are known."""
        words = words_of(title)
        return sum(word in self.spelling.words or self.is_known(word) for word in words) / len(words) if words else 1.0

    def changes(self, text):
        return changes(text, self.spelling, self.is_known)

    def is_known(self, word):
        """Whether a word is in one of the vocabularies."""
        self.title_tokens.read(word)
        if self.title_tokens.n == 0:
            return False
        value = self.title_tokens.hash[0]
        known = self.text_terms.index.number_of(value) >= 0 or self.title_terms.index.number_of(value) >= 0
        return known or self.bare.index.number_of(value) >= 0

    # ---- The way of an ad

    def read(self, text, title):
        """Read and judge an ad."""
        combined, title_end, text_offset = join_title(text, title)
        self.remark, self.sharpness, self.line = JUDGED, 1.0, None
        if self.has_titles:
            notice = one_post(combined, title_end, self.jobs, self.least_job)
            self.remark, combined = JUDGED if notice is combined else SEVERAL_POSTS, notice
        if self.has_titles and is_line(combined):
            self.read_line(combined, title_end if title is not None else 0, text_offset)
            return
        self.read_ad(combined, title_end, text_offset)
        if self.remark == SEVERAL_POSTS and self.note == NO_WORK:  # the heading of the post names its job
            self.note, self.label = JUDGED, self.best
        if self.has_titles and title is not None and title.strip() and self.note in (TOO_LITTLE, NO_WORK):
            self.read_title(title)
            if self.bare.job_sum >= self.min_sure_job:
                self.judge_title()  # the little that the ad says of schooling still stands in it

    def read_ad(self, combined, title_end, text_offset):
        """Read an ad by its title line and text, and judge it."""
        self.tokens.load(combined, title_end, text_offset)
        n = self.tokens.n_characters
        self.text_terms.grow(min(n, self.max_tokens))
        self.title_terms.grow(min(n, title_end + 1))
        self.requirements.reserve(n)
        with cython.nogil:
            self.tokens.scan()
            self.read_words(self.tokens)
            self.requirements.read(self.tokens)
            self.judge_ad()

    def read_words(self, tokens):
        self.text_terms.count(tokens, self.max_tokens)
        self.text_terms.weigh()
        self.title_terms.count(tokens, tokens.n_title)
        self.title_terms.weigh()

    def read_title(self, title):
        self.title_tokens.load(title, 0, 0)
        self.bare.grow(self.title_tokens.n_characters)
        with cython.nogil:
            self.title_tokens.scan()
            self.bare.count_title(self.title_tokens)
            self.bare.weigh()

    def read_line(self, combined, title_end, text_offset):
        """Read a line: requirements in what the caller passed, words in what is left of it when it is cut."""
        line = cut(combined, self.jobs, self.least_job, title_end, self.changes)
        self.line = line
        self.tokens.load(combined, title_end, text_offset)
        self.line_tokens.load(line.words, line.title_end, 0)
        self.read_title(line.words[: line.title_end])
        self.sharpness = 1.0 - DOUBT * (1.0 - self.known_words(line.words[: line.title_end]))
        n = self.line_tokens.n_characters
        self.text_terms.grow(n)
        self.title_terms.grow(n)
        self.requirements.reserve(self.tokens.n_characters)
        self.job_score, self.is_vague = line.score, line.vague
        with cython.nogil:
            self.tokens.scan()
            self.requirements.read(self.tokens)
            self.line_tokens.scan()
            self.read_words(self.line_tokens)
            self.judge_line()
        left_open = LEFT_OPEN.get(line.left_open, JUDGED)
        if line.several:
            self.remark = SEVERAL_POSTS
        elif self.basis == TITLE and self.remark == JUDGED:
            self.remark = left_open
        if self.note == VAGUE and left_open != JUDGED:
            self.note = left_open

    # ---- Judging

    def judge_ad(self):
        """Judge the ad that was read."""
        self.basis, self.is_chinese = AD, self.tokens.is_chinese
        self.share[0] = self.share[1] = 1.0
        self.judge()
        self.note_reading(self.tokens)
        self.note = self.note_of_ad()
        self.label = UNCLEAR if self.note != JUDGED else self.best

    def judge_title(self):
        """Judge an ad by its title alone."""
        self.basis, self.is_chinese = TITLE, self.title_tokens.is_chinese
        self.share[0] = self.share[1] = 0.0
        self.judge()
        self.is_chinese, self.n_read, self.known_share = False, 0, 0.0
        self.note, self.label = JUDGED, self.best

    def judge_line(self):
        """Judge the line that was read: what it states of schooling decides, and else title and rest together."""
        self.is_chinese = self.line_tokens.is_chinese
        rest = 0
        for k in range(self.text_terms.n):
            rest += self.text_terms.first[k] >= self.line_tokens.n_title
        is_named = self.job_score >= 0 and not self.is_vague
        says_nothing = self.checks_work and self.work_sum(self.form(self.line_tokens)) < 0 and self.job_score >= SURELY
        self.share[1] = 1.0
        if is_named:
            self.share[1] = 0.0 if says_nothing else min(1.0, math.log1p(rest) / math.log1p(MOST_REST))
        self.share[0] = min(1.0, self.share[1] + (1.0 - self.share[1]) * self.stated())
        is_bare = self.share[0] == 0 or (not is_named and self.line_tokens.n > 0 and rest < self.min_rest[0])
        self.basis = TITLE if is_bare else AD
        self.judge()
        self.note_reading(self.line_tokens)
        if self.basis == TITLE:
            self.n_read, self.known_share = 0, 0.0
        self.note = self.note_of_line(rest, is_named)
        self.label = UNCLEAR if self.note != JUDGED else self.best

    def stated(self):
        """How far schooling is stated."""
        stated = 0.0
        for k in range(N_LEVELS):
            stated += self.requirements.features[k]
        return stated

    def note_reading(self, tokens):
        self.n_read = min(tokens.n, self.max_tokens)
        self.known_share = self.text_terms.n / (self.n_read if self.n_read else 1.0)

    def judge(self):
        """Scores and probabilities, from the ad's ratings and the title's, each as far as it counts."""
        self.level, self.status = self.requirements.level, self.requirements.status
        for k in range(2):
            self.certificate_status[k] = self.requirements.certificate_status[k]
        stated = self.stated()
        row = 2 if self.is_chinese else 0  # of the segment without schooling; behind it the one with it
        for d in range(N_DIMENSIONS):
            share = self.share[d]
            start = (1.0 - stated) * self.start_of[row, d] + stated * self.start_of[row + 1, d]
            scale = (1.0 - stated) * self.word_scale[row, d] + stated * self.word_scale[row + 1, d]
            self.intercept[d], self.scale[d] = share * start, share * scale
            required = 0.0
            for k in range(self.stated_weight.shape[0]):
                required += self.requirements.features[k] * self.stated_weight[k, d]
            words = self.text_terms.hands_on if d else self.text_terms.academic
            words += self.title_terms.hands_on if d else self.title_terms.academic
            rating = self.intercept[d] + self.scale[d] * words + share * required
            if share < 1.0:
                self.intercept[d] += (1.0 - share) * self.bare_start[d]
                rating += (1.0 - share) * (self.bare_start[d] + (self.bare.hands_on if d else self.bare.academic))
            self.score[d] = min(max(rating, 0.0), MAX_RATING) / MAX_RATING
        self.blend()
        self.weigh_labels()

    def blend(self):
        """Weights of the decision, for ads and for titles as far as each counts."""
        row, share = 1 if self.is_chinese else 0, self.share[1]
        for k in range(N_LABELS):
            for i in range(4):
                weight = share * self.decision[row, k, i]
                if share < 1.0:
                    weight += (1.0 - share) * self.bare_decision[row, k, i]
                self.blended[k, i] = self.sharpness * weight

    def note_of_ad(self):
        n = self.tokens.n
        if n == 0:
            return EMPTY
        if n >= self.min_terms and self.text_terms.n_known < self.min_known_share * self.n_read:
            return UNKNOWN_LANGUAGE
        if self.text_terms.n < self.min_terms or n - self.tokens.n_numerals() < MIN_WORDS:
            return TOO_LITTLE
        return NO_WORK if self.checks_work and self.work_sum(self.form(self.tokens)) < 0 else JUDGED

    def form(self, tokens):
        """The form of an ad, by which the sum that says whether the work is named starts."""
        return SHORT_AD if tokens.n <= SHORT else TITLED if tokens.n_title > 0 else UNTITLED

    def work_sum(self, form):
        """The sum that says whether the work is named."""
        return self.work_start[1 if self.is_chinese else 0, form] + self.text_terms.work_sum + self.title_terms.work_sum

    def note_of_line(self, rest, is_named):
        n, chinese = self.line_tokens.n, 1 if self.is_chinese else 0
        if self.tokens.n == 0:
            return EMPTY
        if self.tokens.n == self.tokens.n_numerals():
            return TOO_LITTLE
        least = self.min_known_share * (NAMED_SHARE if is_named else 1.0)
        if n >= self.min_terms and self.text_terms.n_known < least * n:
            return UNKNOWN_LANGUAGE
        if not is_named and rest < self.min_rest[chinese]:
            return VAGUE if self.is_vague else NO_JOB
        job, work = min(max(self.job_score, self.limits[0]), self.limits[1]), 0.0
        if self.checks_work:
            work = min(max(self.work_sum(SHORT_AD), self.limits[2]), self.limits[3])
        if job + work >= self.min_said[chinese] or (is_named and rest < MIN_BESIDE and job >= SURELY):
            return JUDGED
        return VAGUE if self.is_vague else NO_WORK

    def weigh_labels(self):
        """Probabilities of the labels, and how the likeliest one's logarithm rises with the two ratings."""
        decision = self.blended
        academic, hands_on, most, total, best = self.score[0], self.score[1], 0.0, 0.0, 0
        for k in range(N_LABELS):
            linear = decision[k, 3] + decision[k, 0] * academic + decision[k, 1] * hands_on
            self.logit[k] = linear + decision[k, 2] * academic * hands_on
            most = max(most, self.logit[k]) if k else self.logit[k]
        for k in range(N_LABELS):
            self.probability[k] = math.exp(self.logit[k] - most)
            total += self.probability[k]
        for k in range(N_LABELS):
            self.probability[k] /= total
            if self.probability[k] > self.probability[best]:
                best = k
        self.best = best
        for d in range(N_DIMENSIONS):
            mean, other = 0.0, hands_on if d == 0 else academic
            for k in range(N_LABELS):
                mean += self.probability[k] * (decision[k, d] + decision[k, 2] * other)
            self.gradient[d] = decision[best, d] + decision[best, 2] * other - mean

    def store(self, numbers, codes, row):
        """Put the results into a row of two tables."""
        for d in range(N_DIMENSIONS):
            numbers[row, d], numbers[row, 5 + d] = self.score[d], self.gradient[d]
            codes[row, 5 + d] = self.certificate_status[d]
        for k in range(N_LABELS):
            numbers[row, 2 + k] = self.probability[k]
        numbers[row, 7], numbers[row, 8], numbers[row, 9] = self.is_chinese, self.n_read, self.known_share
        codes[row, 0], codes[row, 1], codes[row, 2] = self.label, self.level, self.status
        codes[row, 3], codes[row, 4], codes[row, 7] = self.note, self.basis, self.remark
        codes[row, 8] = self.says_something()

    def says_something(self):
        """Whether anything of the ad is known to the model, or stated of requirements."""
        known = self.text_terms.n + self.title_terms.n + self.requirements.n
        return known > 0 or (self.line is not None and self.bare.n > 0)

    # ---- What was found, with its places

    def share_out(self):
        """Share what the words add to the two ratings out among the tokens, in `shares`."""
        if self.words is None:
            self.words = AdWords(self.text_terms.index)
        self.shares.clear(self.tokens.n)
        if self.line is None:
            self.shares.map_tokens(None, None)
        else:  # to the tokens of what the caller passed
            first, last = self.line.map_tokens(self.line_tokens, self.tokens)
            self.shares.map_tokens(first, last)
        if self.share[0] < 1.0 or self.share[1] < 1.0:
            self.bare.share_out_once(self.shares, 1.0 - self.share[0], 1.0 - self.share[1])
        if self.share[0] > 0:
            self.text_terms.share_out(self.shares, self.scale[0], self.scale[1])
            self.title_terms.share_out(self.shares, self.scale[0], self.scale[1])

    def job_in(self, title):
        """Where a title names the job; an empty place where it names none."""
        return job_in(title, self.jobs, self.least_job) if self.has_titles else (0, 0)

    def stated_part(self, k, d):
        """What a feature of the stated requirements adds to a rating."""
        return self.requirements.features[k] * self.stated_weight[k, d] * self.share[d]


def terms_of(part, naming):
    """Counts the terms of a part of a model."""
    return AdTerms(part.vocabulary, *map(view_of, (part.scale, part.weight, naming)))


def view_of(array):
    """An array as the loops take it; one that was just fitted may lie in another order."""
    return memoryview(np.ascontiguousarray(array))
