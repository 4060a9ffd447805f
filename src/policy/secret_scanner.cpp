#include "secret_scanner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "provrun/base/error.hpp"
#include "provrun/hash/sha256.hpp"
#include "secret_forms.hpp"
#include "secret_patterns.hpp"

namespace provrun::policy {

namespace {

constexpr int kFilterBits = 15;  // 32 KiB: stays in the first cache, and few of its bytes are set
constexpr std::size_t kMarkDigits = 12;
/// Joined spans end here, so that a text made of overlapping secrets cannot hold a stream back.
constexpr std::size_t kLongestSpan = 2 * kLongestMatch;

static_assert(std::endian::native == std::endian::little,
              "fold() takes the low three bytes of a load");

/// Three bytes with ASCII case (and a few signs) folded together.
std::uint32_t fold(std::uint32_t three_bytes) {
  return (three_bytes & 0xffffffU) | 0x202020U;
}

std::uint32_t fold(std::string_view three_bytes) {
  std::uint32_t value = 0;
  std::memcpy(&value, three_bytes.data(), 3);
  return fold(value);
}

std::uint32_t slot_of(std::uint32_t folded) {
  return (folded * 2654435761U) >> (32 - kFilterBits);
}

bool is_base64_char(char c) {
  return is_alnum(c) || std::string_view("+/-_").find(c) != std::string_view::npos;
}

}  // namespace

Redactor::Tables::Tables(std::vector<Secret> known_secrets, std::vector<std::uint8_t> hmac_key)
    : key(std::move(hmac_key)),
      slots(std::size_t{1} << kFilterBits, -1),
      filter(std::size_t{1} << kFilterBits) {
  if (key.empty()) throw base::Error(base::ErrorCode::internal, "redaction without a key");
  for (std::size_t i = 0; i < known_secrets.size(); ++i) {
    const Secret& secret = known_secrets[i];
    names.push_back(secret.name);
    marks.push_back(mark_of(secret.value));
    for (SecretForm& form : forms_of_secret(secret.value)) {
      const bool known = std::any_of(needles.begin(), needles.end(), [&](const Needle& needle) {
        return needle.text == form.text;
      });
      if (known) continue;
      look_ahead = std::max(look_ahead, 2 * form.text.size());
      needles.push_back(
          {std::move(form.text), form.whole_word, form.left_partial, form.right_partial, i});
    }
  }
  look_ahead = std::max(look_ahead, 2 * kLongestMatch);
  look_behind = kLookBehind;
  for (std::size_t i = 0; i < needles.size(); ++i) add(Candidate::Kind::value, needles[i].text, i);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i].size() >= 3) add(Candidate::Kind::name, names[i], i);
  const auto patterns = secret_patterns();
  for (std::size_t i = 0; i < patterns.size(); ++i)
    add(Candidate::Kind::pattern, patterns[i].anchor, i);
}

void Redactor::Tables::add(Candidate::Kind kind, std::string_view anchor, std::size_t index) {
  const std::uint32_t trigram = fold(anchor.substr(0, 3));
  const std::uint32_t slot = slot_of(trigram);
  candidates.push_back({kind, trigram, static_cast<std::uint32_t>(index), slots[slot]});
  slots[slot] = static_cast<std::int32_t>(candidates.size()) - 1;
  filter[slot] = 1;
}

std::string Redactor::Tables::mark_of(std::string_view value) const {
  return "[redacted:" + hash::hmac_sha256(key, value).to_hex().substr(0, kMarkDigits) + "]";
}

bool Redactor::Tables::is_known_name(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void Redactor::Tables::Progress::rebase(std::size_t removed) {
  pattern_end -= std::min(pattern_end, removed);
  needle_end -= std::min(needle_end, removed);
}

void Redactor::Tables::try_candidate(const Candidate& candidate, std::string_view text,
                                     std::size_t at, Progress& progress,
                                     std::vector<Span>& spans) const {
  if (candidate.kind == Candidate::Kind::value) {
    const Needle& needle = needles[candidate.index];
    if (text.compare(at, needle.text.size(), needle.text) != 0) return;
    if (progress.needle == &needle && at < progress.needle_end) return;
    Span span{at, at + needle.text.size(), &marks[needle.secret]};
    if (needle.whole_word) {
      if (at > 0 && is_alnum(text[at - 1])) return;
      if (span.end < text.size() && is_alnum(text[span.end])) return;
    }
    progress.needle = &needle;
    progress.needle_end = span.end;
    for (int i = 0;
         i < needle.left_partial && span.begin > 0 && is_base64_char(text[span.begin - 1]); ++i)
      --span.begin;
    for (int i = 0;
         i < needle.right_partial && span.end < text.size() && is_base64_char(text[span.end]); ++i)
      ++span.end;
    spans.push_back(span);
    return;
  }
  if (at < progress.pattern_end) return;
  std::optional<Range> range;
  if (candidate.kind == Candidate::Kind::name) {
    const std::string& name = names[candidate.index];
    if (text.compare(at, name.size(), name) != 0) return;
    range = match_known_name(text, at, at + name.size());
  } else {
    range = secret_patterns()[candidate.index].match(text, at);
  }
  if (!range) return;
  progress.pattern_end = range->end;
  const std::string_view value = text.substr(range->begin, range->end - range->begin);
  const std::string* mark = nullptr;
  for (const Needle& needle : needles)
    if (needle.text == value) mark = &marks[needle.secret];
  spans.push_back({range->begin, range->end, mark});
}

void Redactor::Tables::scan(std::string_view text, std::size_t from, std::size_t to,
                            Progress& progress, std::vector<Span>& spans) const {
  to = std::min(to, text.size());
  const auto visit = [&](std::size_t at, std::uint32_t folded, std::uint32_t slot) {
    for (std::int32_t i = slots[slot]; i >= 0; i = candidates[static_cast<std::size_t>(i)].next) {
      const Candidate& candidate = candidates[static_cast<std::size_t>(i)];
      if (candidate.trigram == folded) try_candidate(candidate, text, at, progress, spans);
    }
  };
  const char* bytes = text.data();
  const std::uint8_t* const may_match = filter.data();
  std::size_t at = from;
  for (; at < to && at + 4 <= text.size(); ++at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes + at, 4);
    const std::uint32_t folded = fold(value);
    const std::uint32_t slot = slot_of(folded);
    if (may_match[slot] != 0) visit(at, folded, slot);
  }
  for (; at < to && at + 3 <= text.size(); ++at) {
    const std::uint32_t folded = fold(text.substr(at, 3));
    visit(at, folded, slot_of(folded));
  }
}

void merge_spans(std::vector<Span>& spans, std::size_t written) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  std::vector<Span> merged;
  for (const Span& span : spans) {
    if (merged.empty() || span.begin >= merged.back().end) {
      merged.push_back({std::max(span.begin, written), span.end, span.mark});
      continue;
    }
    Span& last = merged.back();
    if (span.end <= last.end) {
      if (span.begin == last.begin && span.end == last.end && last.mark == nullptr)
        last.mark = span.mark;
      continue;
    }
    if (span.end - last.begin > kLongestSpan) {
      merged.push_back({last.end, span.end, span.mark});
      continue;
    }
    last.end = span.end;
    last.mark = nullptr;
  }
  spans = std::move(merged);
}

}  // namespace provrun::policy
