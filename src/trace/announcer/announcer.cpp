// A library for observed programs (LD_PRELOAD): the calls of libc that only look at files are
// made from a page that the filter knows, and told in shared memory, so that nobody has to wait
// for the observer. Whatever is unclear goes the ordinary way, where the filter sees it: all calls
// that change something, those of a second thread at the same moment, paths of /proc, a full ring.
//
// It needs no library itself, so that it works with every libc, and calls nothing before it is
// needed: a program that opens nothing pays for its mapping alone.
#include <fcntl.h>
#include <linux/stat.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "layout.hpp"

using namespace provrun::trace::announcer;

#define EXPORTED extern "C" __attribute__((visibility("default")))

extern "C" int* __errno_location() __attribute__((weak));
extern "C" void* stream_of(int descriptor, const char* mode) __asm__("fdopen")
    __attribute__((weak));
extern "C" void* find_symbol(void* handle, const char* name) __asm__("dlsym") __attribute__((weak));

extern "C" void* memory_of(size_t size) __asm__("malloc") __attribute__((weak));

namespace {

using Word = long;
using Caller = Word (*)(Word number, Word a, Word b, Word c, Word d, Word e);

// Made here, a call is seen by the filter; copied to kPage, it is not. Five arguments are enough.
extern "C" Word provrun_plain_call(Word number, Word a, Word b, Word c, Word d, Word e)
    __attribute__((visibility("hidden")));
extern "C" const char provrun_plain_call_end[] __attribute__((visibility("hidden")));
__asm__(
    ".pushsection .text\n"
    ".balign 16\n"
    ".hidden provrun_plain_call\n"
    ".globl provrun_plain_call\n"
    ".type provrun_plain_call, @function\n"
    "provrun_plain_call:\n"
    "  endbr64\n"
    "  movq %rdi, %rax\n"
    "  movq %rsi, %rdi\n"
    "  movq %rdx, %rsi\n"
    "  movq %rcx, %rdx\n"
    "  movq %r8, %r10\n"
    "  movq %r9, %r8\n"
    "  syscall\n"
    "  ret\n"
    ".hidden provrun_plain_call_end\n"
    ".globl provrun_plain_call_end\n"
    "provrun_plain_call_end:\n"
    ".popsection\n");

// mmap has six.
Word map(Word address, Word size, Word protection, Word flags, Word descriptor) {
  register Word fourth __asm__("r10") = flags;
  register Word fifth __asm__("r8") = descriptor;
  register Word sixth __asm__("r9") = 0;
  Word result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(SYS_mmap), "D"(address), "S"(size), "d"(protection), "r"(fourth),
                     "r"(fifth), "r"(sixth)
                   : "rcx", "r11", "memory");
  return result;
}

Word plain(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
  return provrun_plain_call(number, a, b, c, d, e);
}
bool failed(Word result) {
  return result < 0 && result > -4096;
}
template <typename Pointer>
Word word(Pointer* pointer) {
  return reinterpret_cast<Word>(pointer);
}

// What a forked child must not share with its parent: the kernel clears the page in it.
struct Own {
  unsigned busy;
  unsigned used;  // bytes of the chunk
  Chunk* chunk;
};

enum : int { kUntried, kTrying, kReady, kNever };
int state = kUntried;
Ring* ring;
Own* own;
unsigned mark = 1;  // what our chunks are taken with

Word quiet(Word number, Word a = 0, Word b = 0, Word c = 0, Word d = 0, Word e = 0) {
  return reinterpret_cast<Caller>(kPage)(number, a, b, c, d, e);
}

bool set_up() {
  if (map(kPage, kPageSize, PROT_READ | PROT_WRITE,
          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1) != Word(kPage))
    return false;
  const char* from = reinterpret_cast<const char*>(&provrun_plain_call);
  char* to = reinterpret_cast<char*>(kPage);
  while (from != provrun_plain_call_end) *to++ = *from++;
  if (plain(SYS_mprotect, kPage, kPageSize, PROT_READ | PROT_EXEC) != 0) return false;
  const Word memory = map(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  if (failed(memory) || plain(SYS_madvise, memory, 4096, MADV_WIPEONFORK) != 0) return false;
  own = reinterpret_cast<Own*>(memory);
  const Word file = plain(SYS_openat, AT_FDCWD, word(kRingPath), O_RDWR | O_CLOEXEC);
  if (failed(file)) return false;
  // Which part of the job we belong to is told by where the file stands.
  const Word part = plain(SYS_lseek, file, 0, SEEK_CUR);
  if (!failed(part)) mark = static_cast<unsigned>(part) + 1;
  const Word shared = map(0, sizeof(Ring), PROT_READ | PROT_WRITE, MAP_SHARED, file);
  plain(SYS_close, file);
  if (failed(shared)) return false;
  ring = reinterpret_cast<Ring*>(shared);
  return true;
}

bool ready() {
  const int now = __atomic_load_n(&state, __ATOMIC_ACQUIRE);
  if (now == kReady) return __atomic_load_n(&ring->off, __ATOMIC_ACQUIRE) == 0;
  int expected = kUntried;
  if (now != kUntried || !__atomic_compare_exchange_n(&state, &expected, kTrying, false,
                                                      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    return false;
  const bool works = set_up();
  __atomic_store_n(&state, works ? kReady : kNever, __ATOMIC_RELEASE);
  return works && __atomic_load_n(&ring->off, __ATOMIC_ACQUIRE) == 0;
}

bool take_chunk() {
  if (own->chunk != nullptr) {
    __atomic_store_n(&own->chunk->full, 1U, __ATOMIC_RELEASE);
    own->chunk = nullptr;
  }
  const unsigned first = __atomic_fetch_add(&ring->hint, 1U, __ATOMIC_RELAXED);
  for (unsigned i = 0; i < 64; ++i) {
    const unsigned at = (first + i) % kChunks;
    unsigned expected = 0;
    if (!__atomic_compare_exchange_n(&ring->taken[at], &expected, mark, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
      continue;
    own->chunk = &ring->chunks[at];
    __atomic_store_n(&own->chunk->owner, static_cast<int>(plain(SYS_getpid)), __ATOMIC_RELEASE);
    own->used = 0;
    return true;
  }
  return false;
}

size_t length(const char* text, size_t limit) {
  size_t n = 0;
  while (n < limit && text[n] != '\0') ++n;
  return n;
}
bool begins(const char* text, const char* with) {
  while (*with != '\0')
    if (*text++ != *with++) return false;
  return true;
}

// One announcement: made() says that a call may go the quiet way, which the destructor tells.
class Announcement {
 public:
  Announcement(Kind kind, int directory, const char* path) {
    if (path == nullptr || *path == '\0' || !ready()) return;
    for (int i = 0; __atomic_exchange_n(&own->busy, 1U, __ATOMIC_ACQUIRE) != 0; ++i) {
      if (i == 50) return;
      __builtin_ia32_pause();
    }
    if (write_path(directory, path)) {
      record_->kind = kind;
      record_->failed = 0;
      record_->flags = 0;
      record_->inode = 0;
      made_ = true;
    } else {
      __atomic_store_n(&own->busy, 0U, __ATOMIC_RELEASE);
    }
  }
  ~Announcement() {
    if (!made_) return;
    own->used += record_->size;
    __atomic_store_n(&own->chunk->published, own->used, __ATOMIC_RELEASE);
    __atomic_fetch_add(&ring->sequence, 1UL, __ATOMIC_RELEASE);
    __atomic_store_n(&own->busy, 0U, __ATOMIC_RELEASE);
  }
  Announcement(const Announcement&) = delete;
  Announcement& operator=(const Announcement&) = delete;

  bool made() const { return made_; }
  Record& record() { return *record_; }

 private:
  // The record at the end of the chunk, with an absolute path in it.
  bool write_path(int directory, const char* path) {
    const size_t size = length(path, kMostRecord);
    constexpr size_t kBase = 1024;
    const size_t want = sizeof(Record) + size + 1 + 8 + (*path == '/' ? 0 : kBase);
    if (want > kMostRecord) return false;
    if ((own->chunk == nullptr || own->used + want > kMostRecord) && !take_chunk()) return false;
    record_ = reinterpret_cast<Record*>(own->chunk->data + own->used);
    char* const text = reinterpret_cast<char*>(record_ + 1);
    char* at = text;
    if (*path != '/') {
      Word n;
      if (directory == AT_FDCWD) {
        n = quiet(SYS_getcwd, word(text), kBase);
        if (n > 0) --n;  // its NUL
      } else {
        char link[32] = "/proc/self/fd/";
        char digits[12];
        int count = 0;
        if (directory < 0) return false;
        for (int rest = directory; rest > 0 || count == 0; rest /= 10)
          digits[count++] = static_cast<char>('0' + rest % 10);
        char* end = link + 14;
        while (count > 0) *end++ = digits[--count];
        *end = '\0';
        n = quiet(SYS_readlinkat, AT_FDCWD, word(link), word(text), kBase);
      }
      if (n <= 0 || n >= Word(kBase) || *text != '/') return false;
      at += n;
      if (n > 10 && at[-1] == ')' && begins(at - 10, " (deleted)")) return false;
      *at++ = '/';
    }
    for (size_t i = 0; i < size; ++i) *at++ = path[i];
    *at++ = '\0';
    // What these lead to depends on who asks.
    if (begins(text, "/proc/") || begins(text, "/dev/") || begins(text, "/provrun/")) return false;
    const size_t whole = static_cast<size_t>(at - reinterpret_cast<char*>(record_));
    record_->size = static_cast<unsigned short>((whole + 7) & ~size_t{7});
    return true;
  }

  Record* record_ = nullptr;
  bool made_ = false;
};

Word result_of(Word result) {
  if (!failed(result)) return result;
  if (__errno_location != nullptr) *__errno_location() = static_cast<int>(-result);
  return -1;
}

Word look(Kind kind, int directory, const char* path, Word number, Word a, Word b, Word c = 0,
          Word d = 0, Word e = 0) {
  Announcement announcement(kind, directory, path);
  if (!announcement.made()) return result_of(plain(number, a, b, c, d, e));
  const Word result = quiet(number, a, b, c, d, e);
  announcement.record().failed = failed(result);
  return result_of(result);
}

int open_file(int directory, const char* path, int flags, unsigned mode) {
  constexpr int kQuiet = O_ACCMODE | O_CREAT | O_TRUNC | O_PATH | (O_TMPFILE & ~O_DIRECTORY);
  if ((flags & kQuiet) == O_RDONLY) {
    Announcement announcement(Kind::open, directory, path);
    if (announcement.made()) {
      const Word file = quiet(SYS_openat, directory, word(path), flags);
      auto& record = announcement.record();
      record.flags = static_cast<unsigned>(flags);
      record.failed = failed(file);
      struct stat status;
      if (!failed(file) && quiet(SYS_fstat, file, word(&status)) == 0) {
        record.mode = status.st_mode;
        record.links = static_cast<unsigned>(status.st_nlink);
        record.device = status.st_dev;
        record.inode = status.st_ino;
        record.bytes = static_cast<unsigned long>(status.st_size);
        record.mtime_ns = status.st_mtim.tv_sec * 1000000000 + status.st_mtim.tv_nsec;
        record.ctime_ns = status.st_ctim.tv_sec * 1000000000 + status.st_ctim.tv_nsec;
      }
      return static_cast<int>(result_of(file));
    }
  }
  return static_cast<int>(result_of(plain(SYS_openat, directory, word(path), flags, mode)));
}

int stat_file(int directory, const char* path, struct stat* status, int flags) {
  constexpr int kKnown = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if ((flags & ~kKnown) != 0)
    return static_cast<int>(
        result_of(plain(SYS_newfstatat, directory, word(path), word(status), flags)));
  const Kind kind = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Kind::look_at_link : Kind::look;
  return static_cast<int>(
      look(kind, directory, path, SYS_newfstatat, directory, word(path), word(status), flags));
}

// "r" and letters that do not change how the file is opened; -1: libc must see to it.
int read_flags(const char* mode) {
  if (*mode++ != 'r') return -1;
  int flags = O_RDONLY;
  for (; *mode != '\0'; ++mode) {
    if (*mode == 'e')
      flags |= O_CLOEXEC;
    else if (*mode != 'b')
      return -1;
  }
  return flags;
}

template <typename Function>
Function real(const char* name) {
  constexpr long kNext = -1;  // RTLD_NEXT
  return find_symbol != nullptr
             ? reinterpret_cast<Function>(find_symbol(reinterpret_cast<void*>(kNext), name))
             : nullptr;
}

void* open_stream(const char* name, const char* path, const char* mode) {
  const int flags = stream_of != nullptr ? read_flags(mode) : -1;
  if (flags >= 0 && ready()) {
    const int file = open_file(AT_FDCWD, path, flags, 0);
    if (file < 0) return nullptr;
    void* stream = stream_of(file, mode);
    if (stream == nullptr) plain(SYS_close, file);
    return stream;
  }
  if (const auto function = real<void* (*)(const char*, const char*)>(name))
    return function(path, mode);
  if (__errno_location != nullptr) *__errno_location() = 38;  // ENOSYS
  return nullptr;
}

bool is_directory(const char* path) {
  struct stat status;
  return stat_file(AT_FDCWD, path, &status, 0) == 0 && S_ISDIR(status.st_mode);
}

enum class Resolved { found, failed, unclear };

// realpath, where the way is plain: libc's own asks for the target of each part of a path inside
// of libc, and compilers do that a thousand times. What is unclear is left to libc.
constexpr size_t kMostPath = 4096;
Resolved resolve(const char* path, char* into) {
  if (path == nullptr || *path == '\0' || !ready()) return Resolved::unclear;
  char rest[kMostPath];  // what is still to be followed
  char target[kMostPath];
  size_t left = length(path, kMostPath);
  size_t used = 0;  // of into: the path so far, without a slash at its end
  if (left >= kMostPath - 1) return Resolved::unclear;
  for (size_t i = 0; i <= left; ++i) rest[i] = path[i];
  if (*path != '/') {
    const Word n = quiet(SYS_getcwd, word(into), kMostPath);
    if (n <= 1 || *into != '/') return Resolved::unclear;
    used = n == 2 ? 0 : static_cast<size_t>(n) - 1;
  }
  const char* at = rest;
  for (int links = 0;;) {
    while (*at == '/') ++at;
    const size_t size = [&] {
      size_t n = 0;
      while (at[n] != '\0' && at[n] != '/') ++n;
      return n;
    }();
    const bool here = size == 1 && at[0] == '.';
    const bool up = size == 2 && at[0] == '.' && at[1] == '.';
    if (size == 0 || here || up) {
      // What a slash or a dot follows must be a folder.
      if (used > 0 && (size > 0 || at[-1] == '/')) {
        into[used] = '\0';
        if (!is_directory(into)) return Resolved::unclear;
      }
      if (size == 0) break;
      while (up && used > 0 && into[--used] != '/') {
      }
      at += size;
      if (*at == '\0') break;
      continue;
    }
    if (used + size + 2 > kMostPath) return Resolved::unclear;
    const size_t before = used;
    into[used++] = '/';
    for (size_t i = 0; i < size; ++i) into[used++] = at[i];
    into[used] = '\0';
    at += size;
    const Word n = look(Kind::read_link, AT_FDCWD, into, SYS_readlink, word(into), word(target),
                        kMostPath - 1);
    if (n < 0) {
      constexpr int kNoLink = 22;  // EINVAL
      if (__errno_location == nullptr) return Resolved::unclear;
      if (*__errno_location() != kNoLink) return Resolved::failed;
      if (*at == '\0') break;
      continue;
    }
    if (++links > 20 || n == 0) return Resolved::unclear;
    left = length(at, kMostPath);
    if (static_cast<size_t>(n) + left + 1 > kMostPath) return Resolved::unclear;
    for (size_t i = 0; i <= left; ++i) target[static_cast<size_t>(n) + i] = at[i];
    for (size_t i = 0; i <= static_cast<size_t>(n) + left; ++i) rest[i] = target[i];
    at = rest;
    used = *rest == '/' ? 0 : before;
  }
  if (used == 0) into[used++] = '/';
  into[used] = '\0';
  return Resolved::found;
}

char* real_path(const char* path, char* into, const char* name, size_t room) {
  char found[kMostPath];
  int* const error = __errno_location != nullptr ? __errno_location() : nullptr;
  const int before = error != nullptr ? *error : 0;
  const auto resolved = resolve(path, found);
  if (resolved == Resolved::failed) {
    // What is not there or may not be looked at, as glibc tells it.
    constexpr int kAbsent = 2;
    constexpr int kForbidden = 13;
    if ((*error == kAbsent || *error == kForbidden) && into != nullptr &&
        length(found, kMostPath) < room)
      for (size_t i = 0, size = length(found, kMostPath); i <= size; ++i) into[i] = found[i];
    return nullptr;
  }
  if (resolved == Resolved::found) {
    const size_t size = length(found, kMostPath) + 1;
    char* const result = into != nullptr
                             ? into
                             : static_cast<char*>(memory_of != nullptr ? memory_of(size) : nullptr);
    if (result != nullptr && size <= room) {
      for (size_t i = 0; i < size; ++i) result[i] = found[i];
      if (error != nullptr) *error = before;
      return result;
    }
  }
  if (error != nullptr) *error = before;
  if (const auto function = real<char* (*)(const char*, char*, size_t)>(name))
    return function(path, into, room);
  if (error != nullptr) *error = 38;  // ENOSYS
  return nullptr;
}

unsigned mode_of(int flags, va_list arguments) {
  const bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return makes ? va_arg(arguments, unsigned) : 0;
}

}  // namespace

// Exported under the names of libc; our own names keep them from clashing with its declarations.
#define OPEN(own_name, name)                                             \
  EXPORTED int own_name(const char* path, int flags, ...) __asm__(name); \
  EXPORTED int own_name(const char* path, int flags, ...) {              \
    va_list arguments;                                                   \
    va_start(arguments, flags);                                          \
    const unsigned mode = mode_of(flags, arguments);                     \
    va_end(arguments);                                                   \
    return open_file(AT_FDCWD, path, flags, mode);                       \
  }
#define OPEN_AT(own_name, name)                                                         \
  EXPORTED int own_name(int directory, const char* path, int flags, ...) __asm__(name); \
  EXPORTED int own_name(int directory, const char* path, int flags, ...) {              \
    va_list arguments;                                                                  \
    va_start(arguments, flags);                                                         \
    const unsigned mode = mode_of(flags, arguments);                                    \
    va_end(arguments);                                                                  \
    return open_file(directory, path, flags, mode);                                     \
  }
#define NAMED(type, own_name, name, parameters)    \
  EXPORTED type own_name parameters __asm__(name); \
  EXPORTED type own_name parameters

OPEN(our_open, "open")
OPEN(our_open64, "open64")
OPEN_AT(our_openat, "openat")
OPEN_AT(our_openat64, "openat64")
NAMED(int, our_open_2, "__open_2", (const char* path, int flags)) {
  return open_file(AT_FDCWD, path, flags, 0);
}
NAMED(int, our_open64_2, "__open64_2", (const char* path, int flags)) {
  return open_file(AT_FDCWD, path, flags, 0);
}
NAMED(int, our_openat_2, "__openat_2", (int directory, const char* path, int flags)) {
  return open_file(directory, path, flags, 0);
}
NAMED(int, our_openat64_2, "__openat64_2", (int directory, const char* path, int flags)) {
  return open_file(directory, path, flags, 0);
}
NAMED(void*, our_stream, "fopen", (const char* path, const char* mode)) {
  return open_stream("fopen", path, mode);
}
NAMED(void*, our_stream64, "fopen64", (const char* path, const char* mode)) {
  return open_stream("fopen64", path, mode);
}

#define STAT(suffix, text)                                                                        \
  NAMED(int, our_stat##suffix, "stat" text, (const char* path, struct stat* status)) {            \
    return stat_file(AT_FDCWD, path, status, 0);                                                  \
  }                                                                                               \
  NAMED(int, our_lstat##suffix, "lstat" text, (const char* path, struct stat* status)) {          \
    return stat_file(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);                                \
  }                                                                                               \
  NAMED(int, our_fstatat##suffix, "fstatat" text,                                                 \
        (int directory, const char* path, struct stat* status, int flags)) {                      \
    return stat_file(directory, path, status, flags);                                             \
  }                                                                                               \
  NAMED(int, our_xstat##suffix, "__xstat" text, (int, const char* path, struct stat* status)) {   \
    return stat_file(AT_FDCWD, path, status, 0);                                                  \
  }                                                                                               \
  NAMED(int, our_lxstat##suffix, "__lxstat" text, (int, const char* path, struct stat* status)) { \
    return stat_file(AT_FDCWD, path, status, AT_SYMLINK_NOFOLLOW);                                \
  }                                                                                               \
  NAMED(int, our_fxstatat##suffix, "__fxstatat" text,                                             \
        (int, int directory, const char* path, struct stat* status, int flags)) {                 \
    return stat_file(directory, path, status, flags);                                             \
  }
STAT(, "")
STAT(64, "64")

NAMED(int, our_statx, "statx",
      (int directory, const char* path, int flags, unsigned mask, struct statx* status)) {
  constexpr int kKnown = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  if ((flags & ~kKnown) != 0)
    return static_cast<int>(
        result_of(plain(SYS_statx, directory, word(path), flags, mask, word(status))));
  const Kind kind = (flags & AT_SYMLINK_NOFOLLOW) != 0 ? Kind::look_at_link : Kind::look;
  return static_cast<int>(
      look(kind, directory, path, SYS_statx, directory, word(path), flags, mask, word(status)));
}
NAMED(int, our_access, "access", (const char* path, int mode)) {
  return static_cast<int>(look(Kind::look, AT_FDCWD, path, SYS_access, word(path), mode));
}
NAMED(Word, our_readlink, "readlink", (const char* path, char* into, size_t size)) {
  return look(Kind::read_link, AT_FDCWD, path, SYS_readlink, word(path), word(into),
              static_cast<Word>(size));
}
NAMED(Word, our_readlinkat, "readlinkat",
      (int directory, const char* path, char* into, size_t size)) {
  return look(Kind::read_link, directory, path, SYS_readlinkat, directory, word(path), word(into),
              static_cast<Word>(size));
}
NAMED(char*, our_realpath, "realpath", (const char* path, char* into)) {
  return real_path(path, into, "realpath", kMostPath);
}
NAMED(char*, our_realpath_chk, "__realpath_chk", (const char* path, char* into, size_t room)) {
  return real_path(path, into, "__realpath_chk", room);
}
NAMED(char*, our_canonical, "canonicalize_file_name", (const char* path)) {
  return real_path(path, nullptr, "canonicalize_file_name", kMostPath);
}
