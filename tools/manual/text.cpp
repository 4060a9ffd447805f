#include <algorithm>
#include <cctype>

#include "page.hpp"

namespace manual {
namespace {

constexpr std::size_t kWidth = 80;  // what a terminal has at least
constexpr std::size_t kTextIndent =
    8;  // of an item's text, when its terms stand on a line of their own

// Characters, not bytes: the pages are UTF-8 without combining marks or wide characters.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  return text;
}

// Fills lines of at most kWidth; the first starts at `column` (what is already printed there).
std::string fill(const std::string& text, std::size_t indent, std::size_t column) {
  std::string result;
  std::size_t at = 0;
  bool first = true;
  while (at < text.size()) {
    auto end = text.find(' ', at);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(at, end - at);
    if (!first && column + 1 + width_of(word) > kWidth) {
      result += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      result += " ";
      ++column;
    }
    result += word;
    column += width_of(word);
    first = false;
    at = end + 1;
  }
  return result;
}

std::string items_as_text(const std::vector<Item>& items) {
  std::size_t longest = 0;
  std::vector<std::string> heads;
  for (const auto& item : items) {
    std::string head;
    for (const auto& term : item.terms) head += (head.empty() ? "" : ", ") + term;
    longest = std::max(longest, width_of(head));
    heads.push_back(std::move(head));
  }
  // Short terms stand beside their text, like a table; long ones on a line of their own.
  const bool beside = longest <= 14;
  const std::size_t indent = beside ? longest + 4 : kTextIndent;
  std::string result;
  for (std::size_t i = 0; i < items.size(); ++i) {
    result += "  " + heads[i];
    const std::string text = plain(items[i].text);
    if (!text.empty()) {
      if (beside)
        result += std::string(indent - 2 - width_of(heads[i]), ' ') + fill(text, indent, indent);
      else
        result += "\n" + std::string(indent, ' ') + fill(text, indent, indent);
    }
    result += "\n";
  }
  return result;
}

}  // namespace

std::string as_text(const Page& page) {
  std::string result = page.title() + " - " + plain(page.summary) + "\n";
  for (const auto& section : page.sections) {
    result += "\n" + upper(section.title) + "\n";
    bool first = true;
    for (const auto& block : section.blocks) {
      if (!first) result += "\n";
      first = false;
      switch (block.kind) {
        case Block::Kind::paragraph:
          result += "  " + fill(plain(block.text), 2, 2) + "\n";
          break;
        case Block::Kind::items:
          result += items_as_text(block.items);
          break;
        case Block::Kind::code:
          for (const auto& line : block.lines)
            result +=
                (line.empty() ? "" : (section.title == "Synopsis" ? "  " : "    ") + line) + "\n";
          break;
      }
    }
  }
  return result;
}

}  // namespace manual
