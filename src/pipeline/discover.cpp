#include "provrun/pipeline/discover.hpp"

#include <algorithm>

#include "glob_pattern.hpp"
#include "paths.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

// In a text on its way to a pattern: NUL, which no path has, and a letter for what stands there.
constexpr char kAnything = '*';
constexpr char kFirstFound = 'A';

using Pieces = std::vector<std::pair<std::string, std::string>>;

Pieces pieces_of(std::string_view text, const std::vector<std::string>& names) {
  Pieces pieces;
  std::string literal;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\0') {
      literal += text[i];
      continue;
    }
    const char what = text[++i];
    pieces.emplace_back(
        std::move(literal),
        what == kAnything ? "*" : names[static_cast<std::size_t>(what - kFirstFound)]);
    literal.clear();
  }
  pieces.emplace_back(std::move(literal), "");
  return pieces;
}

}  // namespace

struct DiscoverPattern::Parts {
  struct Part {
    std::string literal;
    GlobPattern pattern;
    bool begins_open = false;  // with a wildcard
  };
  GlobPattern whole;
  std::vector<Part> parts;
};

DiscoverPattern::DiscoverPattern(const DiscoverRule& rule,
                                 const std::vector<std::string>& variables) {
  std::string text;
  for (const auto& piece : rule.pieces) {
    switch (piece.what) {
      case DiscoverRule::Piece::What::literal:
        text += piece.text;
        break;
      case DiscoverRule::Piece::What::any:
        (text += '\0') += kAnything;
        break;
      case DiscoverRule::Piece::What::variable: {
        auto value = variables[piece.index];
        std::erase(value, '\0');
        text += value;
        break;
      }
      case DiscoverRule::Piece::What::found:
        (text += '\0') += static_cast<char>(kFirstFound + static_cast<char>(piece.index));
        break;
    }
  }
  text = normalize_path(text);
  const auto& names = rule.variables;
  for (const auto& [literal, next] : pieces_of(text, names)) {
    text_ += literal;
    shape_ += literal;
    if (!next.empty()) shape_ += '\0';
    if (next == "*") text_ += "*";
    if (!next.empty() && next != "*") text_ += "{" + next + "}";
  }
  const auto first = text.find('\0');
  const auto slash = text.rfind('/', first);
  folder_ = slash == std::string::npos ? "." : slash == 0 ? "/" : text.substr(0, slash);
  parts_ = std::make_unique<Parts>(Parts{GlobPattern(pieces_of(text, names)), {}});
  for (const auto part : base::split(text, '/')) {
    const bool open = part.find('\0') != std::string_view::npos;
    parts_->parts.push_back({open ? std::string() : std::string(part),
                             GlobPattern(pieces_of(part, names)), part.starts_with('\0')});
  }
}

DiscoverPattern::DiscoverPattern(const DiscoverPattern& other)
    : text_(other.text_),
      shape_(other.shape_),
      folder_(other.folder_),
      parts_(std::make_unique<Parts>(*other.parts_)) {}
DiscoverPattern& DiscoverPattern::operator=(const DiscoverPattern& other) {
  return *this = DiscoverPattern(other);
}
DiscoverPattern::DiscoverPattern(DiscoverPattern&&) noexcept = default;
DiscoverPattern& DiscoverPattern::operator=(DiscoverPattern&&) noexcept = default;
DiscoverPattern::~DiscoverPattern() = default;

std::size_t DiscoverPattern::depth() const {
  return parts_->parts.size();
}
const std::string& DiscoverPattern::literal(std::size_t part) const {
  return parts_->parts[part].literal;
}

bool DiscoverPattern::part_matches(std::size_t part, std::string_view name) const {
  const auto& own = parts_->parts[part];
  if (!own.literal.empty()) return name == own.literal;
  if (own.begins_open && name.starts_with('.')) return false;
  std::vector<std::string> values;
  return own.pattern.match(name, values);
}

bool DiscoverPattern::match(std::string_view path, std::vector<std::string>* values) const {
  if (folder_ != "." && !path.starts_with(folder_)) return false;
  const auto names = base::split(path, '/');
  if (names.size() != depth()) return false;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (parts_->parts[i].begins_open && names[i].starts_with('.')) return false;
  std::vector<std::string> found;
  return parts_->whole.match(path, values != nullptr ? *values : found);
}

}  // namespace provrun::pipeline
