#include "csv.hpp"

#include <algorithm>
#include <utility>

#include "provrun/base/error.hpp"
#include "provrun/base/format.hpp"
#include "provrun/base/text.hpp"

namespace provrun::pipeline {

namespace {

class CsvReader {
 public:
  CsvReader(std::string_view text, char separator, const std::string& file)
      : text_(text), separator_(separator), file_(file) {}

  bool at_end() const { return at_ == text_.size(); }
  std::uint32_t line() const { return line_; }
  /// Skips lines without any character.
  void skip_blank_lines() {
    while (!at_end() && take_line_end()) continue;
  }
  /// Appends the cells of one row; returns how many.
  std::size_t read_row(std::vector<std::string>& cells) {
    std::size_t count = 0;
    while (true) {
      cells.push_back(read_cell());
      ++count;
      if (at_end() || take_line_end()) return count;
      ++at_;  // the separator
    }
  }
  [[noreturn]] void fail(std::string message, std::uint32_t line) const {
    base::Position position{file_, static_cast<int>(line), 0, {}};
    throw base::Error(base::ErrorCode::invalid_input, std::move(message)).at(std::move(position));
  }

 private:
  bool take_line_end() {
    if (text_.substr(at_).starts_with("\r\n"))
      at_ += 2;
    else if (text_[at_] == '\n')
      ++at_;
    else
      return false;
    ++line_;
    return true;
  }
  std::string read_cell() {
    if (at_end() || text_[at_] != '"') {
      const auto begin = at_;
      while (at_ < text_.size() && text_[at_] != separator_ && text_[at_] != '\n') ++at_;
      if (at_ > begin && at_ < text_.size() && text_[at_] == '\n' && text_[at_ - 1] == '\r') --at_;
      return std::string(text_.substr(begin, at_ - begin));
    }
    const auto first_line = line_;
    std::string cell;
    for (++at_;; ++at_) {
      if (at_end()) fail("a quoted cell is not closed", first_line);
      if (text_[at_] == '"') {
        ++at_;
        if (at_end() || text_[at_] != '"') break;
      } else if (text_[at_] == '\n') {
        ++line_;
      }
      cell += text_[at_];
    }
    if (!at_end() && text_[at_] != separator_ && text_[at_] != '\n' &&
        !text_.substr(at_).starts_with("\r\n"))
      fail("text follows a quoted cell", line_);
    return cell;
  }

  std::string_view text_;
  char separator_;
  const std::string& file_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

CsvTable parse_csv(std::string_view text, char separator, const std::string& file_name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  CsvTable table;
  CsvReader reader(text, separator, file_name);
  if (text.find('\0') != std::string_view::npos || !base::is_valid_utf8(text))
    reader.fail("not a table: its bytes are not UTF-8 text", 0);
  reader.skip_blank_lines();
  if (reader.at_end()) reader.fail("the table has no header line", 0);
  const auto header_line = reader.line();
  const auto width = reader.read_row(table.columns);
  for (std::size_t i = 0; i < width; ++i)
    if (std::find(table.columns.begin(), table.columns.begin() + static_cast<std::ptrdiff_t>(i),
                  table.columns[i]) != table.columns.begin() + static_cast<std::ptrdiff_t>(i))
      reader.fail(base::format("two columns are called '{}'", base::printable(table.columns[i])),
                  header_line);
  while (true) {
    reader.skip_blank_lines();
    if (reader.at_end()) return table;
    const auto line = reader.line();
    const auto count = reader.read_row(table.cells);
    if (count != width)
      reader.fail(base::format("this row has {} cells, the header {}", count, width), line);
    table.lines.push_back(line);
  }
}

}  // namespace provrun::pipeline
