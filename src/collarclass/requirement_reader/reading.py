"""What one ad states about schooling, certificates, licences and experience: its mentions, judged and brought together.

`RequirementReader.read` goes the whole way: mentions, their facts, what each mention is by learnt weights, the level
and status of the ad, findings, and features.
"""

import math
from array import array

from collarclass.definitions.labels import (
    LEVELS, NOT_NEEDED, PREFERRED, REQUIRED, STATUSES, SUBSTITUTABLE, UNSTATED,
)  # fmt: skip
from collarclass.requirement_reader.answers import Answers, numbers
from collarclass.requirement_reader.constants import (
    ACADEMIC, CERTIFICATE, CUE_NOT_NEEDED, CUE_PREFERRED, CUE_REQUIRED, DOUBTFUL, DRIVING, HEADING, LEVEL, LICENCE,
    MAX_PLACES, NATURES, NO, SUBSTITUTE, VALUES, VOCATIONAL,
)
from collarclass.requirement_reader.credential_names import UNNAMED, credential_names, in_language, qualifiers
from collarclass.requirement_reader.outcomes import (
    FEATURES, FEATURES_OF_SCHOOLING, KIND_OF_CLASS, KINDS, MAX_COUNT, MAX_NAMES, MAX_YEARS, N_ANSWERS, N_DECIDING,
    N_OUTCOMES, NO_OUTCOME, NOTHING, OF_CERTIFICATE, OF_DRIVING, OF_EXPERIENCE, OF_LICENCE, OF_SCHOOLING,
    OF_SKILL_GRADE, features_of_answers,
)
from collarclass.requirement_reader.phrases import OPENING, integers
from collarclass.requirement_reader.requirement import Cue, Requirement
from collarclass.text.ad_tokens import AdTokens

STRENGTH = (4, 2, 3, 1, 0)  # of each of `STATUSES`: how strongly it asks
MIN_STATED = 0.6  # probability that an ad asks for schooling, for a label to rest on it
N_FEATURES, N_OF_SCHOOLING = len(FEATURES), len(FEATURES_OF_SCHOOLING)
BACHELOR = LEVELS.index("bachelor")  # from here on, a licence that has no name is a profession's
PREFERS_MORE, PURSUING, ACADEMIC_CERTIFICATES, VOCATIONAL_CERTIFICATES, SKILL_GRADES, DRIVES, YEARS_ASKED = (
    FEATURES.index(name)
    for name in (
        *("prefers_more", "pursuing", "academic_certificates", "vocational_certificates"),
        *("skill_grades", "driving", "years"),
    )
)
MINUS_INFINITY = float("-inf")
# The status that a class of cues, or one value of a class, may be named for.
STATUS_OF_CUE = {
    CUE_REQUIRED: REQUIRED,
    CUE_PREFERRED: PREFERRED,
    SUBSTITUTE: SUBSTITUTABLE,
    CUE_NOT_NEEDED: NOT_NEEDED,
    NO: NOT_NEEDED,
    (HEADING, VALUES["heading"].index("required")): REQUIRED,
    (HEADING, VALUES["heading"].index("preferred")): PREFERRED,
}


class RequirementReader(Answers):
    """Reads what one ad after the other states; of one thread, refilled by each `read`.

    Beside what `Answers` has: `preferred` is the highest schooling preferred beside the ad's own, -1 for none;
    `features` are what the model learns from, as `FEATURES` names it, and `carrier` the finding that carries each, -1
    where it is 0; `certificate_status` says how academic-professional and vocational certificates are asked for, the
    strongest of several. Then the `n` findings in reading order: their numbers among the mentions, index into `KINDS`,
    index into `STATUSES`, level, index into `NATURES` and number of the credential, -1 for none; whether each made the
    ad's level and status; and the probability of kind and status.
    """

    def __init__(self, reader, lexicon):
        super().__init__(reader, lexicon)
        self.keep_reasons, self.is_chinese = False, False
        names = lexicon.credential_names.tolist()
        ids = [row.id for row in credential_names()]
        self.credential_ids = [*ids, *names[len(ids) :]]
        self.credential_names = names, [in_language(name, "zh") for name in names]
        self.qualifiers = {}
        for name, words, meant in qualifiers():
            tokens = AdTokens().read(words)
            self.qualifiers.setdefault(name, []).append((list(tokens.hash[: tokens.n]), meant))
        self.features_of_answers = memoryview(features_of_answers())
        self.kept, self.judged, self.exact, self.root = (integers(MAX_PLACES) for _ in range(4))
        self.features, self.carrier = numbers(N_FEATURES), integers(N_FEATURES)
        self.certificate_status = integers(2)
        self.kinds, self.strength = array("i", KIND_OF_CLASS), array("i", STRENGTH)
        self.mention, self.kind, self.finding_status = (integers(MAX_PLACES) for _ in range(3))
        self.value, self.nature, self.credential = (integers(MAX_PLACES) for _ in range(3))
        self.decides, self.confidence = integers(MAX_PLACES), numbers(MAX_PLACES)

    def reserve(self, n_tokens):
        self.mentions.reserve(n_tokens)
        if self.keep_reasons != self.facts.keep_known:
            self.facts.keep(self.keep_reasons)

    def read_ad(self, ad):
        self.reserve(ad.n)
        self.read(ad)
        return self

    def read(self, ad):
        """Read an ad, for which room was made."""
        self.is_chinese = ad.is_chinese
        self.mentions.find(ad)
        self.context.read(ad)
        self.decide()

    def judge_ad(self, ad, sums):
        """What an ad states whose mentions were found before, as for `Mentions.load`, by the sums of their facts."""
        self.mentions.load(ad)
        for place in range(self.items.n * self.facts.n_columns):
            self.facts.sums[place] = sums[place]
        self.decide()
        return self

    def decide(self):
        """What the ad states, by the sums of the facts about its mentions."""
        self.decide_schooling()
        self.judge_findings()
        self.list_findings()
        self.measure_features()
        self.measure_certificates()

    # ---- Findings

    def judge_findings(self):
        """Which mentions are findings, and the status of each."""
        leading, most = -1, MINUS_INFINITY  # the mention that weighs most for the ad's answer
        for i in range(self.items.n):
            best = 0
            for k in range(1, N_OUTCOMES):
                if self.outcome[N_OUTCOMES * i + k] > self.outcome[N_OUTCOMES * i + best]:
                    best = k
            self.judged[i] = best - 1
            self.kept[i] = best != NO_OUTCOME and self.fits(i, best - 1)
            if self.gives_answer(i) and self.deciding[N_DECIDING * i + self.status] > most:
                leading, most = i, self.deciding[N_DECIDING * i + self.status]
        if leading >= 0:
            self.kept[leading], self.judged[leading] = True, self.status

    def fits(self, i, status):
        """Whether a mention may have a status, as the ad states it."""
        if not self.items.is_schooling(i):
            return status != NOT_NEEDED
        return self.status != UNSTATED and (self.items.group[i] == LEVEL or status == NOT_NEEDED)

    def gives_answer(self, i):
        """Whether a mention gives the ad's answer."""
        if self.status == NOT_NEEDED:
            return self.items.is_schooling(i)
        return self.status != UNSTATED and self.items.group[i] == LEVEL and self.finding_level(i) == self.level

    def is_credential(self, i):
        """Whether a mention is a finding of a certificate, a licence or the like."""
        return self.kept[i] and CERTIFICATE <= self.items.group[i] <= DRIVING

    def is_bare(self, i):
        """Whether a mention is a word such as "certificate" that names no credential."""
        return self.words.note[self.items.phrase[i]] == DOUBTFUL and self.items.first[i] == self.items.last[i]

    def name_credential(self, i):
        """Number what a mention names, exactly and by its root; those below 0 are classes of which an ad has one."""
        phrase, group = self.items.phrase[i], self.items.group[i]
        self.exact[i], self.root[i] = phrase, self.words.root[phrase]
        if self.words.one_credential[phrase]:
            self.exact[i] = self.root[i]
        if group == LICENCE and not self.is_bare(i) and self.words.nature[phrase] == ACADEMIC:
            self.exact[i] = self.root[i] = -2 if self.judged[i] == PREFERRED else -1
        elif group == DRIVING:
            self.exact[i] = self.root[i] = -3
        elif self.is_bare(i):
            self.exact[i] = self.root[i] = -4

    def is_repeated(self, i):
        """Whether a credential is named before, or more exactly, or a bare word beside one that has a name.

        "CPR certification" three times is one credential, and so are "CDL" and "CDL class A". Of licences for an
        academic profession an ad asks for one, by more than one name: "registered nurse", "state nursing licence";
        one that is preferred may be another. A bare word, "certificate", is none beside one that has a name.
        """
        for k in range(self.items.n):
            if k == i or not self.is_credential(k):
                continue
            if self.exact[k] == self.exact[i]:
                better = self.standing(k) - self.standing(i)
                if better > 0 or (better == 0 and k < i):
                    return True
            if self.root[k] == self.exact[i] and self.exact[k] != self.root[k]:  # "CDL" beside "CDL class A"
                return True
            if self.is_bare(i) and not self.is_bare(k) and self.items.group[k] == self.items.group[i]:
                return True
        return False

    def standing(self, i):
        """How exactly a mention says which credential it is: by a body's own name, by a name, or by none."""
        return self.words.standing[self.words.credential[self.items.phrase[i]] + 1]

    def list_findings(self):
        """List the findings, each credential once, and the highest level that is preferred beside the ad's own."""
        self.n, self.preferred = 0, -1
        for i in range(self.items.n):
            if self.is_credential(i):
                self.name_credential(i)
        for i in range(self.items.n):
            if self.kept[i] and not (self.is_credential(i) and self.is_repeated(i)):
                self.add_finding(i)
                if self.items.group[i] == LEVEL and self.judged[i] == PREFERRED:
                    self.preferred = max(self.preferred, self.finding_level(i))
        if self.status == UNSTATED or (self.status != PREFERRED and self.preferred <= self.level):
            self.preferred = -1
        for k in range(self.n):
            self.decides[k] = self.is_decisive(k)

    def add_finding(self, i):
        to, phrase = self.n, self.items.phrase[i]
        self.mention[to], self.finding_status[to], self.value[to] = i, self.judged[i], self.finding_level(i)
        self.kind[to], self.nature[to], self.credential[to] = self.kind_of(i), self.words.nature[phrase], -1
        if self.kind[to] == OF_LICENCE and self.words.note[phrase] == DOUBTFUL:
            if self.level >= BACHELOR and self.status != PREFERRED:
                self.nature[to] = ACADEMIC
        if is_certificate(self.kind[to]):
            self.credential[to] = self.words.credential[phrase]
        self.confidence[to] = self.confidence_of(i)
        self.n += 1

    def confidence_of(self, i):
        """Probability that a mention is what it was judged to be, less sure as texts of new sources are read so."""
        total = 0.0
        for k in range(N_OUTCOMES):
            total += math.pow(self.outcome[N_OUTCOMES * i + k], self.mention_power)
        return math.pow(self.likely_as(i, self.judged[i]), self.mention_power) / total

    def kind_of(self, i):
        """Kind of finding that a mention is; an NVQ is a level of schooling and a skill grade."""
        kind = self.kinds[self.items.group[i]]
        return OF_SKILL_GRADE if kind == OF_SCHOOLING and self.words.nature[self.items.phrase[i]] >= 0 else kind

    def is_decisive(self, k):
        """Whether a finding is among those that made the ad's level and status."""
        i, status = self.mention[k], self.finding_status[k]
        if not self.items.is_schooling(i):
            return False
        if self.items.group[i] == LEVEL and status == PREFERRED and self.value[k] == self.preferred:
            return True
        return status == self.status and (self.value[k] == self.level or status == NOT_NEEDED)

    # ---- What the model learns from

    def measure_features(self):
        """The features, 0 to 1, and the finding that carries each."""
        for k in range(N_FEATURES):
            self.features[k], self.carrier[k] = 0.0, -1
        is_sure = 1.0 - self.likely[NOTHING] >= MIN_STATED
        if self.level >= 0 and is_sure:
            for answer in range(N_ANSWERS):
                # In sixty-fourths, so that sums are exact and the last bits of a probability tell nothing.
                share = math.floor(self.likely[answer] * 64 + 0.5) / 64
                for k in range(N_OF_SCHOOLING):
                    self.features[k] += share * self.features_of_answers[self.preferred + 1, answer, k]
        if self.preferred > self.level and self.status != PREFERRED and is_sure:
            self.features[PREFERS_MORE] = 1.0
        for k in range(self.n):
            self.count_finding(k)
        for column in range(ACADEMIC_CERTIFICATES, SKILL_GRADES + 1):
            self.features[column] = min(self.features[column], MAX_COUNT) / MAX_COUNT
        leading = self.leading_finding()
        for k in range(N_OF_SCHOOLING):
            if self.features[k] != 0:
                self.carrier[k] = leading
        if self.features[PREFERS_MORE] == 0:
            self.carrier[PREFERS_MORE] = -1

    def count_finding(self, k):
        """Add a finding to the features that it is counted in."""
        kind = self.kind[k]
        if self.decides[k] and self.mentions.pursuing[self.mention[k]] and self.items.group[self.mention[k]] == LEVEL:
            self.count(PURSUING, k, 1.0)
        if self.decides[k] and self.finding_status[k] == PREFERRED and self.value[k] == self.preferred:
            if self.carrier[PREFERS_MORE] < 0:
                self.carrier[PREFERS_MORE] = k
        if (kind == OF_CERTIFICATE or kind == OF_LICENCE) and self.finding_status[k] != NOT_NEEDED:
            if self.nature[k] == ACADEMIC:
                self.count(ACADEMIC_CERTIFICATES, k, self.features[ACADEMIC_CERTIFICATES] + 1)
            elif self.nature[k] == VOCATIONAL:
                self.count(VOCATIONAL_CERTIFICATES, k, self.features[VOCATIONAL_CERTIFICATES] + 1)
        elif kind == OF_SKILL_GRADE:
            self.count(SKILL_GRADES, k, self.features[SKILL_GRADES] + 1)
        elif kind == OF_DRIVING:
            self.count(DRIVES, k, 1.0)
        elif kind == OF_EXPERIENCE:
            share = min(self.mentions.years[self.mention[k]], MAX_YEARS) / MAX_YEARS
            if share > self.features[YEARS_ASKED]:
                self.features[YEARS_ASKED], self.carrier[YEARS_ASKED] = share, k

    def count(self, column, k, value):
        """Set a feature; the first finding carries it."""
        self.features[column] = value
        if self.carrier[column] < 0:
            self.carrier[column] = k

    def leading_finding(self):
        """The finding of the ad's level; else the first that decides; -1 for none."""
        first = -1
        for k in range(self.n):
            if self.decides[k]:
                if self.value[k] == self.level:
                    return k
                if first < 0:
                    first = k
        return first

    def measure_certificates(self):
        """How certificates of either nature are asked for, the strongest wording of several."""
        for nature in range(2):
            self.certificate_status[nature] = UNSTATED
        for k in range(self.n):
            if is_certificate(self.kind[k]):
                for nature in range(2):
                    is_grade = nature == VOCATIONAL and self.kind[k] == OF_SKILL_GRADE
                    if self.nature[k] == nature or is_grade:
                        if self.strength[self.finding_status[k]] > self.strength[self.certificate_status[nature]]:
                            self.certificate_status[nature] = self.finding_status[k]

    # ---- For callers

    def first_of(self, k):
        """First token of a finding, with its number."""
        return self.mentions.figure[self.mention[k]]

    def last_of(self, k):
        return self.items.last[self.mention[k]]

    def credential_of(self, ad, k):
        """Number of a finding's credential, by the rest of the ad, too: beside "solicitor", LPC is a course."""
        credential = self.credential[k]
        for words, meant in self.qualifiers.get(credential, ()):
            first = words[0]
            for i in range(ad.n + 1 - len(words)):
                if ad.hash[i] == first and list(ad.hash[i : i + len(words)]) == words:
                    return meant
        return credential

    def certificates(self, ad):
        """The certificates that the ad asks for, each once, by the table of credentials; those without a name last."""
        named, unnamed = [], []
        for k in range(self.n):
            if is_certificate(self.kind[k]) and self.finding_status[k] != NOT_NEEDED:
                if self.credential[k] >= 0:
                    named.append(self.credential_names[self.is_chinese][self.credential_of(ad, k)])
                else:
                    unnamed.append(UNNAMED[KINDS[self.kind[k]]][self.is_chinese])
        return tuple(dict.fromkeys(named + unnamed))[:MAX_NAMES]

    def findings(self, ad, text, title):
        """The findings in reading order, with ``text[start:end] == requirement.text``, or the title's."""
        return tuple([self.requirement(ad, text, title, k) for k in range(self.n)])

    def requirement(self, ad, text, title, k):
        i = self.mention[k]
        in_title, start, end = ad.span(self.first_of(k), self.last_of(k))
        is_level, has_years = self.items.group[i] == LEVEL, self.kind[k] == OF_EXPERIENCE
        isced, credential = self.words.isced[self.items.phrase[i]] if is_level else -1, self.credential_of(ad, k)
        return Requirement(
            kind=KINDS[self.kind[k]],
            status=STATUSES[self.finding_status[k]],
            start=start,
            end=end,
            text=(title if in_title else text)[start:end],
            field="title" if in_title else "text",
            level=LEVELS[self.value[k]] if self.value[k] >= 0 else None,
            isced=isced if isced >= 0 else None,
            nature=NATURES[self.nature[k]] if self.nature[k] >= 0 else None,
            years=self.mentions.years[i] if has_years else None,
            confidence=self.confidence[k],
            cue=self.cue_of(ad, text, title, k) if self.keep_reasons else None,
            name=self.credential_names[self.is_chinese][credential] if credential >= 0 else None,
            credential=self.credential_ids[credential] if credential >= 0 else None,
        )

    def cue_of(self, ad, text, title, k):
        """The words by which a finding was read as required, preferred and so on: of its cues the weightiest."""
        status, cues, best, most = self.finding_status[k], self.mentions.cues, -1, 0.0
        for cue in range(cues.n):
            if self.status_of_cue(ad, cue) == status and self.is_about(cue, k):
                weight = self.weight_of_words(self.mention[k], cues.first[cue], cues.last[cue], status + 1)
                if weight > most:
                    best, most = cue, weight
        if best < 0:
            return None
        in_title, start, end = ad.span(cues.first[best], cues.last[best])
        kind = "heading" if self.is_heading(best) else "wording"
        return Cue(kind, "title" if in_title else "text", start, end, (title if in_title else text)[start:end])

    def is_about(self, cue, k):
        """Whether a cue can be about a finding: a heading above it, words of its sentence, or what may replace it."""
        if self.is_heading(cue):
            return self.mentions.cues.last[cue] < self.first_of(k)
        is_beside = self.mentions.cues.sentence[cue] == self.items.sentence[self.mention[k]]
        return is_beside or self.finding_status[k] == SUBSTITUTABLE

    def is_heading(self, cue):
        """Whether a cue is a heading: a word of headings, or words that fill a line or stand before a colon."""
        return self.mentions.cues.group[cue] == HEADING or self.mentions.cues.role[cue] & OPENING != 0

    def status_of_cue(self, ad, cue):
        """The status that a cue may be named for, UNSTATED for none."""
        if self.context.scope.is_equal(ad, cue):
            return SUBSTITUTABLE
        group, value = self.mentions.cues.group[cue], self.mentions.cues.value[cue]
        return STATUS_OF_CUE.get((group, value), STATUS_OF_CUE.get(group, UNSTATED))

    def weight_of_words(self, mention, first, last, outcome):
        """What the facts about just these words add to the log-odds of an outcome, against the mean of all outcomes."""
        facts, weight = self.facts, 0.0
        for fact in range(facts.kept_begin[mention], facts.kept_begin[mention + 1]):
            if facts.first[fact] == first and facts.last[fact] == last:
                weight += facts.weight_of(fact, outcome)
                for other in range(N_OUTCOMES):
                    weight -= facts.weight_of(fact, other) / N_OUTCOMES
        return weight


def is_certificate(kind):
    """Whether a finding is a certificate, licence or skill grade; a driving licence is none."""
    return OF_CERTIFICATE <= kind <= OF_SKILL_GRADE
