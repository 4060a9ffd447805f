#pragma once

#include <string>

#include "console.hpp"
#include "provrun/codec/json.hpp"
#include "provrun/os/file.hpp"

namespace provrun::cli {

/// `--events FILE|-`: a line for every change of a run, as it happens (schemas/output.v1.json,
/// "event"). Lines are added to the file; "-" is standard output. Nobody who reads them can stop
/// the run: where they cannot be written any more that is said once.
class EventStream {
 public:
  /// Throws base::Error when the file cannot be opened.
  EventStream(Console& console, const std::string& path);
  void tell(std::string_view event, codec::Json::Object members);

 private:
  Console& console_;
  std::string path_;  // empty: standard output
  os::File file_;
  bool is_closed_ = false;
};

}  // namespace provrun::cli
