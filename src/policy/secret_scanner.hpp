#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "provrun/policy/redaction.hpp"
#include "secret_values.hpp"

// Finds secrets in text, in one pass. Internal to room policy.
namespace provrun::policy {

/// A place that must not be seen; mark is that of a known secret, or null for a pattern's match.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  const std::string* mark = nullptr;
};

struct Redactor::Tables {
  /// Something to look for at an anchor: a form of a known secret, the name of one, or a pattern.
  struct Candidate {
    enum class Kind { value, name, pattern } kind;
    std::uint32_t trigram;
    std::uint32_t index;
    std::int32_t next;  ///< of the same slot; -1 ends
  };
  struct Needle {
    std::string text;
    bool whole_word = false;
    int left_partial = 0;
    int right_partial = 0;
    std::size_t secret = 0;
  };

  Tables(std::vector<Secret> known_secrets, std::vector<std::uint8_t> hmac_key);

  std::string mark_of(std::string_view value) const;
  bool is_known_name(std::string_view name) const;

  /// What the scan carries from one piece of a text to the next, positions relative to the text.
  struct Progress {
    std::size_t pattern_end = 0;  ///< inside of a pattern's match no other pattern begins
    std::size_t needle_end = 0;   ///< a needle does not overlap itself
    const Needle* needle = nullptr;
    void rebase(std::size_t removed);
  };
  /// Appends what the anchors in [from, to) find, looking at all of the text.
  void scan(std::string_view text, std::size_t from, std::size_t to, Progress& progress,
            std::vector<Span>& spans) const;

  std::vector<std::uint8_t> key;
  std::vector<std::string> names;
  std::vector<std::string> marks;  ///< one per known secret
  std::vector<Needle> needles;
  std::vector<Candidate> candidates;
  std::vector<std::int32_t> slots;
  std::vector<std::uint8_t> filter;  ///< one byte per hash: is any candidate there
  std::size_t look_ahead = 0;        ///< no match needs more text after its anchor
  std::size_t look_behind = 0;

 private:
  void add(Candidate::Kind kind, std::string_view anchor, std::size_t index);
  void try_candidate(const Candidate& candidate, std::string_view text, std::size_t at,
                     Progress& progress, std::vector<Span>& spans) const;
};

/// Sorts the spans and joins those that overlap; the joined span keeps the mark of a known secret
/// that covers all of it. What lies before `written` has been dealt with and is cut off.
void merge_spans(std::vector<Span>& spans, std::size_t written);

}  // namespace provrun::policy
