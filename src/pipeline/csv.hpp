#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace provrun::pipeline {

/// A table of text: the header's names and the cells, row-major.
struct CsvTable {
  std::vector<std::string> columns;
  std::vector<std::string> cells;
  std::vector<std::uint32_t> lines;  ///< per row: where it begins, from 1
};

/// Reads RFC 4180 text in UTF-8, with a header, LF or CRLF, blank lines skipped. Throws
/// base::Error(invalid_input) with the place in `file_name`.
CsvTable parse_csv(std::string_view text, char separator, const std::string& file_name);

}  // namespace provrun::pipeline
