#pragma once

#include <cstdint>
#include <span>

#include "provrun/trace/system_call.hpp"

// The system calls that use files or peers by name, as the kernel numbers them
// (arch/x86/entry/syscalls/syscall_64.tbl and syscall_32.tbl).
namespace provrun::trace {

enum class Call : std::uint8_t {
  open,
  openat,
  openat2,
  creat,
  execute,
  look,      // stat, access, chdir, chmod, utime, getxattr: what stands there, not its bytes
  readlink,  // the target of a link
  rename,
  link,
  symlink,
  unlink,
  rmdir,
  make,  // mkdir and mknod
  truncate,
  list,
  connect,
  send,
  socketcall,
  view,  // chroot, mount, …: what paths mean may change
  exit   // names no file; watched where it is asked for
};

/// Where a call has its arguments; -1: nowhere.
struct CallShape {
  std::int16_t number;
  Call call;
  std::int8_t directory = -1;
  std::int8_t path = -1;
  std::int8_t to_directory = -1;
  std::int8_t to_path = -1;
  std::int8_t flags = -1;
  bool follow = true;  // the last component, when flags say nothing else
};

std::span<const CallShape> call_shapes(Abi abi);
/// nullptr for a call that is not watched.
const CallShape* find_call(Abi abi, int number);

}  // namespace provrun::trace
