#include "provrun/interchange/tar.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <clocale>
#include <exception>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"

namespace provrun::interchange {

namespace {

constexpr std::size_t kBufferSize = 1 << 16;
constexpr std::int64_t kSecond = 1'000'000'000;

// The library converts names between the locale and UTF-8; what is UTF-8 shall stay as it is.
class Utf8Locale {
 public:
  Utf8Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
    if (locale_ != nullptr) before_ = uselocale(locale_);
  }
  ~Utf8Locale() {
    if (locale_ == nullptr) return;
    uselocale(before_);
    freelocale(locale_);
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  locale_t locale_;
  locale_t before_ = nullptr;
};

std::string text_of(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

unsigned type_bits(char type) {
  switch (type) {
    case 'd':
      return AE_IFDIR;
    case 'l':
      return AE_IFLNK;
    case 'p':
      return AE_IFIFO;
    case 'b':
      return AE_IFBLK;
    case 'c':
      return AE_IFCHR;
    default:
      return AE_IFREG;
  }
}

char type_of(unsigned bits) {
  switch (bits) {
    case AE_IFREG:
      return 'f';
    case AE_IFDIR:
      return 'd';
    case AE_IFLNK:
      return 'l';
    case AE_IFIFO:
      return 'p';
    case AE_IFBLK:
      return 'b';
    case AE_IFCHR:
      return 'c';
    default:
      return '?';
  }
}

}  // namespace

struct TarWriter::State {
  explicit State(Sink given) : sink(std::move(given)) {}

  static la_ssize_t take(archive*, void* self, const void* bytes, std::size_t size) {
    auto& state = *static_cast<State*>(self);
    try {
      state.sink({static_cast<const char*>(bytes), size});
      return static_cast<la_ssize_t>(size);
    } catch (...) {
      state.failure = std::current_exception();
      return -1;
    }
  }
  void check(int result, const char* what) {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    if (result < ARCHIVE_WARN)
      throw base::Error(base::ErrorCode::failed,
                        std::string(what) + ": " + text_of(archive_error_string(writer)));
  }

  Utf8Locale locale;
  Sink sink;
  std::exception_ptr failure;
  archive* writer = nullptr;
  std::uint64_t left = 0;
};

TarWriter::TarWriter(Sink sink) : state_(std::make_unique<State>(std::move(sink))) {
  auto& state = *state_;
  state.writer = archive_write_new();
  archive_write_set_format_pax(state.writer);  // "restricted" would drop the nanoseconds
  archive_write_set_options(state.writer, "pax:xattrheader=SCHILY");
  archive_write_set_bytes_per_block(state.writer, kBufferSize);
  archive_write_set_bytes_in_last_block(state.writer, 10240);
  state.check(archive_write_open(state.writer, &state, nullptr, State::take, nullptr),
              "cannot begin the archive");
}

TarWriter::~TarWriter() {
  // Not closed: what was not finished must not look as if it were.
  if (state_->writer != nullptr) {
    archive_write_fail(state_->writer);
    archive_write_free(state_->writer);
  }
}

void TarWriter::add(const TarMember& member) {
  auto& state = *state_;
  if (state.left > 0)
    throw base::Error(base::ErrorCode::internal, "an archive's member is not complete");
  auto* entry = archive_entry_new();
  archive_entry_copy_pathname(entry, member.path.c_str());
  archive_entry_set_filetype(entry, type_bits(member.type));
  archive_entry_set_perm(entry, member.mode);
  auto seconds = member.mtime_ns / kSecond;
  auto rest = member.mtime_ns % kSecond;
  if (rest < 0) {
    rest += kSecond;
    --seconds;
  }
  archive_entry_set_mtime(entry, seconds, static_cast<long>(rest));
  archive_entry_set_uid(entry, member.uid);
  archive_entry_set_gid(entry, member.gid);
  if (!member.user.empty()) archive_entry_copy_uname(entry, member.user.c_str());
  if (!member.group.empty()) archive_entry_copy_gname(entry, member.group.c_str());
  if (member.type == 'l') archive_entry_copy_symlink(entry, member.target.c_str());
  if (member.type == 'h') archive_entry_copy_hardlink(entry, member.target.c_str());
  if (member.type == 'b' || member.type == 'c') {
    archive_entry_set_rdevmajor(entry, member.device_major);
    archive_entry_set_rdevminor(entry, member.device_minor);
  }
  state.left = member.type == 'f' ? member.size : 0;
  archive_entry_set_size(entry, static_cast<la_int64_t>(state.left));
  for (const auto& [name, value] : member.attributes)
    archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
  const int result = archive_write_header(state.writer, entry);
  archive_entry_free(entry);
  state.check(result, "cannot write to the archive");
}

void TarWriter::write(std::span<const std::uint8_t> bytes) {
  auto& state = *state_;
  if (bytes.size() > state.left)
    throw base::Error(base::ErrorCode::corruption, "a file is longer than its entry says");
  const auto written = archive_write_data(state.writer, bytes.data(), bytes.size());
  state.check(written < 0 ? ARCHIVE_FATAL : ARCHIVE_OK, "cannot write to the archive");
  state.left -= bytes.size();
}

void TarWriter::finish() {
  auto& state = *state_;
  if (state.left > 0)
    throw base::Error(base::ErrorCode::corruption, "a file is shorter than its entry says");
  const int result = archive_write_close(state.writer);
  state.check(result, "cannot end the archive");
  archive_write_free(std::exchange(state.writer, nullptr));
}

struct TarReader::State {
  State(Source given, std::string shown)
      : source(std::move(given)), name(std::move(shown)), buffer(kBufferSize) {}

  static la_ssize_t give(archive*, void* self, const void** bytes) {
    auto& state = *static_cast<State*>(self);
    try {
      const auto n = state.source(state.buffer);
      *bytes = state.buffer.data();
      return static_cast<la_ssize_t>(n);
    } catch (...) {
      state.failure = std::current_exception();
      return -1;
    }
  }
  void check(int result) {
    if (failure) std::rethrow_exception(std::exchange(failure, nullptr));
    if (result < ARCHIVE_WARN)
      throw base::Error(base::ErrorCode::invalid_input,
                        base::printable(name) + " is no whole tar archive: " +
                            base::printable(text_of(archive_error_string(reader))));
  }

  Utf8Locale locale;
  Source source;
  std::string name;
  std::vector<std::uint8_t> buffer;
  std::exception_ptr failure;
  archive* reader = nullptr;
};

TarReader::TarReader(Source source, std::string name_for_errors)
    : state_(std::make_unique<State>(std::move(source), std::move(name_for_errors))) {
  auto& state = *state_;
  state.reader = archive_read_new();
  archive_read_support_filter_all(state.reader);
  archive_read_support_format_tar(state.reader);
  archive_read_support_format_empty(state.reader);
  state.check(archive_read_open(state.reader, &state, nullptr, State::give, nullptr));
}

TarReader::~TarReader() {
  archive_read_free(state_->reader);
}

bool TarReader::next(TarMember& member) {
  auto& state = *state_;
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(state.reader, &entry);
  if (result == ARCHIVE_EOF && !state.failure) return false;
  state.check(result);
  member = {};
  member.path = text_of(archive_entry_pathname(entry));
  member.type = type_of(archive_entry_filetype(entry));
  member.mode = static_cast<std::uint32_t>(archive_entry_perm(entry)) & 07777U;
  const auto seconds = static_cast<std::int64_t>(archive_entry_mtime(entry));
  constexpr auto kMost = INT64_MAX / kSecond - 1;
  member.mtime_ns = std::clamp<std::int64_t>(seconds, -kMost, kMost) * kSecond +
                    std::clamp<std::int64_t>(archive_entry_mtime_nsec(entry), 0, kSecond - 1);
  member.uid = static_cast<std::uint32_t>(archive_entry_uid(entry));
  member.gid = static_cast<std::uint32_t>(archive_entry_gid(entry));
  member.user = text_of(archive_entry_uname(entry));
  member.group = text_of(archive_entry_gname(entry));
  if (member.type == 'f')
    member.size = static_cast<std::uint64_t>(std::max<la_int64_t>(0, archive_entry_size(entry)));
  if (member.type == 'l') member.target = text_of(archive_entry_symlink(entry));
  if (const auto* target = archive_entry_hardlink(entry)) {
    member.type = 'h';
    member.target = target;
  }
  if (member.type == 'b' || member.type == 'c') {
    member.device_major = static_cast<std::uint32_t>(archive_entry_rdevmajor(entry));
    member.device_minor = static_cast<std::uint32_t>(archive_entry_rdevminor(entry));
  }
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
    member.attributes.emplace_back(name, std::string(static_cast<const char*>(value), size));
  std::sort(member.attributes.begin(), member.attributes.end());
  return true;
}

std::size_t TarReader::read(std::span<std::uint8_t> buffer) {
  auto& state = *state_;
  const auto n = archive_read_data(state.reader, buffer.data(), buffer.size());
  state.check(n < 0 ? ARCHIVE_FATAL : ARCHIVE_OK);
  return static_cast<std::size_t>(n);
}

}  // namespace provrun::interchange
