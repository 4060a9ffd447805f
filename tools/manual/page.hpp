#pragma once

#include <string>
#include <vector>

// The manual pages of docs/manual/cli, read once at build time. Their shape is strict, because they
// are also the --help texts, the man pages and the source of the shell completions;
// docs/manual/cli/README.md says it.
namespace manual {

/// One item of a list: "- `-j N`, `--jobs N`: text". Terms are what stands in the backticks.
struct Item {
  std::vector<std::string> terms;
  std::string text;  ///< one paragraph, lines joined by blanks; may be empty
};

struct Block {
  enum class Kind { paragraph, code, items };
  Kind kind = Kind::paragraph;
  std::string text;                ///< paragraph: lines joined by blanks
  std::vector<std::string> lines;  ///< code: without the four blanks
  std::vector<Item> items;
};

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

struct Page {
  std::string verb;  ///< empty for the page of provrun itself
  std::string summary;
  std::vector<Section> sections;

  std::string title() const { return verb.empty() ? "provrun" : "provrun " + verb; }
  const Section* find(const std::string& title) const;
};

/// Reads one page. Throws std::runtime_error, "file:line: what is wrong with its shape".
Page read_page(const std::string& path);

/// All pages of a folder, provrun.md first and the others in the order of its section "Verbs",
/// whose items are filled with the summaries. Throws when a page is not listed there, or has no
/// file.
std::vector<Page> read_manual(const std::string& folder);

/// The text without backticks.
std::string plain(const std::string& text);

// What is made of them.
std::string as_text(const Page& page);                             ///< for a terminal
std::string as_man(const Page& page, const std::string& version);  ///< roff
std::string as_source(const std::vector<Page>& pages,              ///< C++
                      const std::vector<std::pair<std::string, std::string>>& completions);
std::string bash_completion(const std::vector<Page>& pages);
std::string zsh_completion(const std::vector<Page>& pages);
std::string fish_completion(const std::vector<Page>& pages);

}  // namespace manual
