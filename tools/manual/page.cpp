#include "page.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace manual {
namespace {

constexpr std::array<const char*, 8> kSections{"Synopsis",   "Description", "Verbs",
                                               "Options",    "Environment", "Examples",
                                               "Exit codes", "See also"};

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error(path + ": cannot be read");
    for (std::string line; std::getline(file, line);) lines_.push_back(line);
  }

  Page read() {
    Page page;
    read_title(page);
    while (skip_blank(), next_ < lines_.size()) {
      if (!line().starts_with("## ")) fail("a section '## …' is expected");
      const std::string title = line().substr(3);
      const auto place = std::find(kSections.begin(), kSections.end(), title);
      if (place == kSections.end()) fail("there is no section '" + title + "'");
      if (!page.sections.empty() && place <= last_section_) fail("'" + title + "' stands too late");
      last_section_ = place;
      ++next_;
      page.sections.push_back({title, read_blocks()});
      if (page.sections.back().blocks.empty()) fail("section '" + title + "' is empty");
    }
    for (const char* needed : {"Synopsis", "Description", "Examples", "Exit codes"})
      if (page.find(needed) == nullptr) fail(std::string("section '") + needed + "' is missing");
    return page;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw std::runtime_error(path_ + ":" + std::to_string(next_ + 1) + ": " + what);
  }
  const std::string& line() const { return lines_[next_]; }
  void skip_blank() {
    while (next_ < lines_.size() && line().empty()) ++next_;
  }

  void read_title(Page& page) {
    const std::string dash = " — ";
    const auto at = lines_.empty() ? std::string::npos : line().find(dash);
    if (at == std::string::npos || !line().starts_with("# provrun"))
      fail("the first line must be '# provrun VERB — summary'");
    page.verb = at == 9 ? "" : line().substr(10, at - 10);
    page.summary = line().substr(at + dash.size());
    const auto stem = std::filesystem::path(path_).stem().string();
    if (stem != (page.verb.empty() ? "provrun" : page.verb))
      fail("the title is not that of " + stem);
    ++next_;
  }

  std::vector<Block> read_blocks() {
    std::vector<Block> blocks;
    while (skip_blank(), next_ < lines_.size() && !line().starts_with("#")) {
      if (line().starts_with("- "))
        blocks.push_back(read_items());
      else if (line().starts_with("    "))
        blocks.push_back(read_code());
      else
        blocks.push_back(read_paragraph());
    }
    return blocks;
  }

  Block read_code() {
    Block block{Block::Kind::code, {}, {}, {}};
    while (next_ < lines_.size() && (line().starts_with("    ") || line().empty())) {
      block.lines.push_back(line().empty() ? "" : line().substr(4));
      ++next_;
    }
    while (block.lines.back().empty()) block.lines.pop_back();
    return block;
  }

  Block read_paragraph() {
    Block block{Block::Kind::paragraph, {}, {}, {}};
    while (next_ < lines_.size() && !line().empty() && !line().starts_with("- ") &&
           !line().starts_with("#")) {
      check_inline();
      block.text += (block.text.empty() ? "" : " ") + line();
      ++next_;
    }
    return block;
  }

  Block read_items() {
    Block block{Block::Kind::items, {}, {}, {}};
    while (next_ < lines_.size() && line().starts_with("- ")) {
      check_inline();
      block.items.push_back(read_item_head());
      auto& text = block.items.back().text;
      for (++next_; next_ < lines_.size() && line().starts_with("  "); ++next_) {
        check_inline();
        text += (text.empty() ? "" : " ") + line().substr(2);
      }
    }
    return block;
  }

  // "- `term`, `term`: text" or "- `term`"
  Item read_item_head() {
    Item item;
    std::size_t at = 2;
    while (true) {
      if (at >= line().size() || line()[at] != '`') fail("an item is '- `term`: text'");
      const auto end = line().find('`', at + 1);
      if (end == std::string::npos) fail("a backtick is not closed");
      item.terms.push_back(line().substr(at + 1, end - at - 1));
      at = end + 1;
      if (line().substr(at, 2) != ", ") break;
      at += 2;
    }
    if (at == line().size()) return item;
    if (line().substr(at, 2) != ": ") fail("an item is '- `term`: text'");
    item.text = line().substr(at + 2);
    return item;
  }

  void check_inline() const {
    if (std::count(line().begin(), line().end(), '`') % 2 != 0) fail("a backtick is not closed");
    std::string outside;  // of the code spans
    bool code = false;
    for (const char c : line()) {
      if (c == '`')
        code = !code;
      else if (!code)
        outside += c;
    }
    if (outside.find("**") != std::string::npos || outside.find("](") != std::string::npos)
      fail("only `code` may be marked in a page");
    if (line().size() > 120) fail("the line is longer than 120 bytes");
  }

  std::string path_;
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  decltype(kSections)::const_iterator last_section_ = kSections.begin();
};

}  // namespace

const Section* Page::find(const std::string& title) const {
  for (const auto& section : sections)
    if (section.title == title) return &section;
  return nullptr;
}

Page read_page(const std::string& path) {
  return Reader(path).read();
}

std::vector<Page> read_manual(const std::string& folder) {
  namespace fs = std::filesystem;
  std::vector<Page> pages{read_page((fs::path(folder) / "provrun.md").string())};
  std::vector<Page> verbs;
  for (auto& section : pages.front().sections) {
    if (section.title != "Verbs") continue;
    for (auto& block : section.blocks)
      for (auto& item : block.items) {
        verbs.push_back(read_page((fs::path(folder) / (item.terms.front() + ".md")).string()));
        item.text = verbs.back().summary;
      }
  }
  std::size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".md" && entry.path().stem() != "README") {
      ++files;
      const auto stem = entry.path().stem().string();
      const bool listed =
          stem == "provrun" || std::any_of(verbs.begin(), verbs.end(),
                                           [&](const Page& page) { return page.verb == stem; });
      if (!listed) throw std::runtime_error(entry.path().string() + ": not listed in provrun.md");
    }
  pages.insert(pages.end(), verbs.begin(), verbs.end());
  if (pages.size() != files)
    throw std::runtime_error(folder + ": a verb is listed twice in provrun.md");
  return pages;
}

std::string plain(const std::string& text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result),
               [](char c) { return c != '`'; });
  return result;
}

}  // namespace manual
