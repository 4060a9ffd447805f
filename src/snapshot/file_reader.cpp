#include "file_reader.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <tuple>

#include "provrun/base/error.hpp"
#include "provrun/base/text.hpp"
#include "provrun/os/clock.hpp"

namespace provrun::snapshot {

namespace {

constexpr int kAttempts = 3;
// The kernel's clock for file times ticks every 10 ms at the least: a change within the tick of the
// last one may leave the times as they are. Some file systems keep whole seconds only.
constexpr std::int64_t kTick = 12'000'000;
constexpr std::int64_t kCoarseTick = 2'000'000'000;

// Waits until a later change must show in the file's times.
void let_clock_pass(const os::FileStat& stat) {
  const bool coarse = stat.ctime_ns % 1'000'000'000 == 0 && stat.mtime_ns % 1'000'000'000 == 0;
  const auto age = os::file_clock_now().nanoseconds - stat.ctime_ns;
  const auto wanted = coarse ? kCoarseTick : kTick;
  if (age >= 0 && age < wanted) std::this_thread::sleep_for(std::chrono::nanoseconds(wanted - age));
}

bool same(const os::FileStat& a, const os::FileStat& b) {
  return a.size == b.size && a.mtime_ns == b.mtime_ns && a.ctime_ns == b.ctime_ns &&
         a.inode == b.inode;
}

std::vector<Attribute> attributes_from(std::vector<os::FileAttribute> list) {
  std::vector<Attribute> result;
  result.reserve(list.size());
  for (auto& attribute : list)
    result.push_back({std::move(attribute.name), std::move(attribute.value)});
  return result;
}

// An error of the file that is read, told apart from one of storing it.
struct SourceError {
  base::Error error;
};

}  // namespace

Entry entry_of(const Found& found, os::Owners& owners) {
  Entry entry;
  entry.path = found.path;
  const auto& stat = found.stat;
  entry.mode = stat.mode;
  entry.uid = stat.uid;
  entry.gid = stat.gid;
  entry.user = owners.user_name(stat.uid);
  entry.group = owners.group_name(stat.gid);
  if (found.implied) {
    entry.type = EntryType::directory;
    entry.mtime_ns = INT64_MIN;
    return entry;
  }
  entry.mtime_ns = stat.mtime_ns;
  switch (stat.type) {
    case os::FileType::regular:
      entry.type = EntryType::file;
      entry.inode = stat.inode;
      entry.ctime_ns = stat.ctime_ns;
      break;
    case os::FileType::directory: {
      entry.type = EntryType::directory;
      if (found.is_source_directory)
        entry.attributes =
            attributes_from(os::attributes_of(found.directory->file(), found.directory->path()));
      else
        entry.attributes = attributes_from(found.directory->attributes(found.name));
      break;
    }
    case os::FileType::symlink:
      entry.type = EntryType::symlink;
      entry.target = found.directory->read_symlink(found.name);
      entry.attributes = attributes_from(found.directory->attributes(found.name));
      break;
    case os::FileType::fifo:
    case os::FileType::socket:
    case os::FileType::block_device:
    case os::FileType::character_device:
      entry.type = stat.type == os::FileType::fifo           ? EntryType::fifo
                   : stat.type == os::FileType::socket       ? EntryType::socket
                   : stat.type == os::FileType::block_device ? EntryType::block_device
                                                             : EntryType::character_device;
      if (is_device(entry.type))
        std::tie(entry.device_major, entry.device_minor) = os::device_numbers(stat.rdev);
      entry.attributes = attributes_from(found.directory->attributes(found.name));
      break;
  }
  return entry;
}

void FileReader::count(std::uint64_t bytes) {
  bytes_read_ += bytes;
  if (options_.read_throttle) options_.read_throttle(bytes);
  if (options_.cancellation != nullptr) options_.cancellation->check();
}

// False when there is nothing to read any more; the file says why.
bool FileReader::open(PendingFile& file, os::File& opened) {
  auto found = file.directory->open_file(file.name);
  if (!found) {
    file.state = PendingFile::State::vanished;
    return false;
  }
  opened = std::move(*found);
  return true;
}

void FileReader::fill_metadata(PendingFile& file, const os::File& opened,
                               const os::FileStat& stat) {
  auto& entry = file.entry;
  entry.mode = stat.mode;
  entry.mtime_ns = stat.mtime_ns;
  entry.ctime_ns = stat.ctime_ns;
  entry.inode = stat.inode;
  entry.attributes =
      attributes_from(os::attributes_of(opened, os::join_path(file.directory->path(), file.name)));
}

// Whether what was read is one state of the file. After the last attempt it is taken as it is.
bool FileReader::steady(PendingFile& file, const os::File& opened, const os::FileStat& before,
                        int attempt) {
  const auto after = os::stat_of(opened, file.name);
  fill_metadata(file, opened, after);
  if (same(before, after)) return true;
  if (attempt + 1 < kAttempts) return false;
  file.entry.changed = true;
  return true;
}

std::optional<std::vector<std::uint8_t>> FileReader::read_small(PendingFile& file) {
  const auto path = os::join_path(file.directory->path(), file.name);
  std::vector<std::uint8_t> bytes;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    os::File opened;
    if (!open(file, opened)) return std::nullopt;
    const auto before = os::stat_of(opened, path);
    if (before.type != os::FileType::regular)
      throw base::Error(base::ErrorCode::conflict, base::printable(path) + " is another file now");
    let_clock_pass(before);
    bytes.resize(before.size + 1);
    std::size_t filled = 0;
    while (true) {
      const auto n = os::read_some(opened, std::span(bytes).subspan(filled), path);
      if (n == 0) break;
      filled += n;
      if (filled == bytes.size()) bytes.resize(bytes.size() * 2);
    }
    bytes.resize(filled);
    count(filled);
    if (steady(file, opened, before, attempt)) break;
  }
  return bytes;
}

void FileReader::read_large(PendingFile& file) {
  const auto path = os::join_path(file.directory->path(), file.name);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    os::File opened;
    std::optional<SourceError> failure;
    const auto of_source = [&](const auto& work) {
      try {
        return work();
      } catch (const base::Error& error) {
        failure = SourceError{error};
        throw;
      }
    };
    try {
      if (!of_source([&] { return open(file, opened); })) return;
      const auto before = of_source([&] {
        auto stat = os::stat_of(opened, path);
        if (stat.type != os::FileType::regular)
          throw base::Error(base::ErrorCode::conflict,
                            base::printable(path) + " is another file now");
        return stat;
      });
      let_clock_pass(before);
      os::will_read_once(opened);
      const bool sparse = before.blocks * 512 < before.size;
      if (sparse) {
        std::vector<store::ByteRange> data;
        for (const auto& [offset, length] :
             of_source([&] { return os::data_ranges(opened, before.size, path); }))
          data.push_back({offset, length});
        store::PutOptions put;
        put.previous = file.previous ? &*file.previous : nullptr;
        put.data = &data;
        put.size = before.size;
        std::uint64_t bytes = 0;
        for (const auto& range : data) bytes += range.length;
        file.entry.content = session_.put_file(opened, path, put);
        count(bytes);
      } else {
        file.entry.content = session_.put_stream(
            [&](std::span<std::uint8_t> buffer) {
              return of_source([&] {
                const auto n = os::read_some(opened, buffer, path);
                count(n);
                return n;
              });
            },
            file.previous ? &*file.previous : nullptr);
      }
      if (of_source([&] { return steady(file, opened, before, attempt); })) break;
    } catch (const base::Error& error) {
      if (!failure || error.code() == base::ErrorCode::cancelled) throw;
      file.state = PendingFile::State::failed;
      file.problem = failure->error.message();
      return;
    }
  }
  file.state = PendingFile::State::stored;
}

void FileReader::read(const std::vector<std::shared_ptr<PendingFile>>& files) {
  if (files.size() == 1 && files.front()->stat.size > store::kBundledFileLimit) {
    read_large(*files.front());
    return;
  }
  std::vector<std::vector<std::uint8_t>> contents;
  std::vector<PendingFile*> read;
  for (const auto& file : files) {
    try {
      auto bytes = read_small(*file);
      if (!bytes) continue;
      contents.push_back(std::move(*bytes));
      read.push_back(file.get());
    } catch (const base::Error& error) {
      if (error.code() == base::ErrorCode::cancelled) throw;
      file->state = PendingFile::State::failed;
      file->problem = error.message();
    }
  }
  std::vector<std::span<const std::uint8_t>> spans(contents.begin(), contents.end());
  auto stored = session_.put_bundle(spans);
  for (std::size_t i = 0; i < read.size(); ++i) {
    read[i]->entry.content = std::move(stored[i]);
    read[i]->state = PendingFile::State::stored;
  }
}

}  // namespace provrun::snapshot
