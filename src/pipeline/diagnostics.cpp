#include "diagnostics.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

// A wrong generator can make every one of 100,000 steps wrong; nobody reads more than this.
constexpr std::size_t kMaxErrors = 100;

}  // namespace

std::uint32_t SourceTexts::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (auto at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1))
    file.line_starts.push_back(at + 1);
  files_.push_back(std::move(file));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

std::size_t SourceTexts::line_start(const File& file, std::uint32_t line) {
  if (line == 0 || line > file.line_starts.size()) return file.text.size();
  return file.line_starts[line - 1];
}

base::Position SourceTexts::position(Place place) const {
  base::Position position;
  if (place.file >= files_.size()) return position;
  const File& file = files_[place.file];
  position.file = file.name;
  if (place.line == 0) return position;
  position.line = static_cast<int>(place.line);
  const auto begin = line_start(file, place.line);
  auto end = std::min(file.text.find('\n', begin), file.text.size());
  if (end > begin && file.text[end - 1] == '\r') --end;
  position.source_line = file.text.substr(begin, end - begin);
  int column = 1;
  for (std::size_t i = 0; i + 1 < place.column && i < position.source_line.size(); ++i)
    if ((static_cast<unsigned char>(position.source_line[i]) & 0xC0U) != 0x80U) ++column;
  position.column = place.column == 0 ? 0 : column;
  return position;
}

Place SourceTexts::find(Place from, std::string_view needle) const {
  if (from.file >= files_.size() || from.line == 0) return from;
  const File& file = files_[from.file];
  const auto begin = line_start(file, from.line) + (from.column > 0 ? from.column - 1 : 0);
  if (begin >= file.text.size()) return from;
  const auto window = std::string_view(file.text).substr(begin, 65536);
  const auto at = window.find(needle);
  if (at == std::string_view::npos) return from;
  const auto offset = begin + at;
  const auto next = std::upper_bound(file.line_starts.begin(), file.line_starts.end(), offset);
  from.line = static_cast<std::uint32_t>(next - file.line_starts.begin());
  from.column = static_cast<std::uint32_t>(offset - *std::prev(next)) + 1;
  return from;
}

void Diagnostics::add(Place place, std::string message, std::string hint) {
  if (entries_.size() >= kMaxErrors) return;
  auto error = base::Error(base::ErrorCode::invalid_input, std::move(message))
                   .hint(std::move(hint))
                   .at(texts_.position(place));
  entries_.push_back(Entry{place, std::move(error)});
}

void Diagnostics::add_elsewhere(base::Position position, std::string message, std::string hint) {
  if (entries_.size() >= kMaxErrors) return;
  auto error = base::Error(base::ErrorCode::invalid_input, std::move(message))
                   .hint(std::move(hint))
                   .at(std::move(position));
  entries_.push_back(Entry{Place{UINT32_MAX, 0, 0}, std::move(error)});
}

void Diagnostics::throw_if_any() {
  if (entries_.empty()) return;
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.place.file, a.place.line, a.place.column) <
           std::tie(b.place.file, b.place.line, b.place.column);
  });
  std::vector<base::Error> errors;
  for (auto& entry : entries_) errors.push_back(std::move(entry.error));
  throw base::ErrorList(std::move(errors));
}

std::string suggestion(std::string_view word, const std::vector<std::string>& candidates,
                       std::string fallback) {
  if (const auto found = base::nearest(word, candidates)) return "did you mean '" + *found + "'?";
  return fallback;
}

}  // namespace provrun::pipeline
