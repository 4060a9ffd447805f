#pragma once

#include <string>

#include "provrun/codec/json.hpp"
#include "provrun/store/content.hpp"

// A file's content in a line of a tree, members in this order, each with a comma before it:
//   "s":SIZE,"c":CONTENT and one of
//   nothing               the file is one chunk, whose id is CONTENT
//   "k":[CHUNK…]          at most eight chunks; [] for an empty file
//   "K":LIST "KK":LIST    a list, a list of lists
//   "x":[CHUNK,OFFSET]    SIZE bytes of the chunk, from the offset
// docs/formats/repository.md explains them.
namespace provrun::store {

void append_content(std::string& out, const FileContent& content);
/// Of the object of a tree's line. Error(corruption) or Error(invalid_input) when it has no valid
/// content.
FileContent parse_content(const codec::Json& line);

}  // namespace provrun::store
