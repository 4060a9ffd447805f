#include <algorithm>
#include <utility>

#include "differences.hpp"
#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"

namespace provrun::compare {

namespace {

using Row = std::vector<std::string>;

// RFC 4180 with LF or CRLF; the delimiter is the first of tab, semicolon and comma that the header
// has.
class Rows {
 public:
  explicit Rows(std::string_view text) : text_(text) {
    const auto header = text.substr(0, text.find('\n'));
    for (const char candidate : {'\t', ';', ','})
      if (header.find(candidate) != std::string_view::npos) {
        delimiter_ = candidate;
        break;
      }
  }

  bool next(Row& row) {
    row.clear();
    if (at_ >= text_.size()) return false;
    std::string cell;
    bool quoted = false;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quoted) {
        if (c != '"') {
          cell += c;
        } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          cell += '"';
          ++at_;
        } else {
          quoted = false;
        }
      } else if (c == '"' && cell.empty()) {
        quoted = true;
      } else if (c == delimiter_) {
        row.push_back(std::exchange(cell, {}));
      } else if (c == '\n') {
        break;
      } else {
        cell += c;
      }
    }
    if (quoted)
      throw base::Error(base::ErrorCode::invalid_input, "it is no CSV: a quote is not closed");
    ++at_;
    if (cell.ends_with('\r')) cell.pop_back();
    row.push_back(std::move(cell));
    return true;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  char delimiter_ = ',';
};

std::string joined(const Row& row) {
  return base::join(row, ",");
}

}  // namespace

Comparison compare_csv(std::string_view before, std::string_view after,
                       const core::CompareRule& rule) {
  const Tolerance tolerance{rule.relative, rule.absolute};
  Differences differences;
  const auto method = "by column" + tolerance_text(tolerance);
  Rows left(before);
  Rows right(after);
  Row names;
  Row other_names;
  left.next(names);
  right.next(other_names);
  if (names != other_names) {
    differences.add("header", joined(names), joined(other_names));
    return std::move(differences).finish(method);
  }
  std::vector<bool> counts(names.size());
  for (std::size_t i = 0; i < names.size(); ++i)
    counts[i] = std::find(rule.ignore.begin(), rule.ignore.end(), names[i]) == rule.ignore.end();
  Row a;
  Row b;
  for (std::size_t number = 1;; ++number) {
    const bool more = left.next(a);
    if (more != right.next(b)) {
      differences.add(base::format("row {}", number), joined(a), joined(b));
      break;
    }
    if (!more) break;
    if (a.size() != b.size()) {
      differences.add(base::format("row {}", number), joined(a), joined(b));
      continue;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i] == b[i] || (i < counts.size() && !counts[i])) continue;
      double x = 0;
      double y = 0;
      if (parse_number(a[i], x) && parse_number(b[i], y) && tolerance.equal(x, y)) continue;
      differences.add(base::format("row {}, column {}", number,
                                   i < names.size() ? names[i] : base::format("{}", i + 1)),
                      a[i], b[i]);
    }
  }
  return std::move(differences).finish(method);
}

}  // namespace provrun::compare
