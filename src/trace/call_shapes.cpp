#include "call_shapes.hpp"

#include <algorithm>
#include <array>

namespace provrun::trace {

namespace {

constexpr CallShape kCalls64[] = {
    {2, Call::open, -1, 0, -1, -1, 1},            // open
    {4, Call::look, -1, 0},                       // stat
    {6, Call::look, -1, 0, -1, -1, -1, false},    // lstat
    {21, Call::look, -1, 0},                      // access
    {42, Call::connect},                          // connect
    {44, Call::send},                             // sendto
    {59, Call::execute, -1, 0},                   // execve
    {60, Call::exit},                             // exit
    {76, Call::truncate, -1, 0},                  // truncate
    {78, Call::list, 0},                          // getdents
    {80, Call::look, -1, 0},                      // chdir
    {82, Call::rename, -1, 0, -1, 1},             // rename
    {83, Call::make, -1, 0},                      // mkdir
    {84, Call::rmdir, -1, 0},                     // rmdir
    {85, Call::creat, -1, 0},                     // creat
    {86, Call::link, -1, 0, -1, 1},               // link
    {87, Call::unlink, -1, 0},                    // unlink
    {88, Call::symlink, -1, 0, -1, 1},            // symlink
    {89, Call::readlink, -1, 0},                  // readlink
    {90, Call::look, -1, 0},                      // chmod
    {92, Call::look, -1, 0},                      // chown
    {94, Call::look, -1, 0, -1, -1, -1, false},   // lchown
    {132, Call::look, -1, 0},                     // utime
    {133, Call::make, -1, 0},                     // mknod
    {137, Call::look, -1, 0},                     // statfs
    {155, Call::view},                            // pivot_root
    {161, Call::view, -1, 0},                     // chroot
    {165, Call::view},                            // mount
    {166, Call::view},                            // umount2
    {188, Call::look, -1, 0},                     // setxattr
    {189, Call::look, -1, 0, -1, -1, -1, false},  // lsetxattr
    {191, Call::look, -1, 0},                     // getxattr
    {192, Call::look, -1, 0, -1, -1, -1, false},  // lgetxattr
    {194, Call::look, -1, 0},                     // listxattr
    {195, Call::look, -1, 0, -1, -1, -1, false},  // llistxattr
    {197, Call::look, -1, 0},                     // removexattr
    {198, Call::look, -1, 0, -1, -1, -1, false},  // lremovexattr
    {217, Call::list, 0},                         // getdents64
    {231, Call::exit},                            // exit_group
    {235, Call::look, -1, 0},                     // utimes
    {254, Call::look, -1, 1},                     // inotify_add_watch
    {257, Call::openat, 0, 1, -1, -1, 2},         // openat
    {258, Call::make, 0, 1},                      // mkdirat
    {259, Call::make, 0, 1},                      // mknodat
    {260, Call::look, 0, 1, -1, -1, 4},           // fchownat
    {261, Call::look, 0, 1},                      // futimesat
    {262, Call::look, 0, 1, -1, -1, 3},           // newfstatat
    {263, Call::unlink, 0, 1, -1, -1, 2},         // unlinkat
    {264, Call::rename, 0, 1, 2, 3},              // renameat
    {265, Call::link, 0, 1, 2, 3, 4},             // linkat
    {266, Call::symlink, -1, 0, 1, 2},            // symlinkat
    {267, Call::readlink, 0, 1},                  // readlinkat
    {268, Call::look, 0, 1},                      // fchmodat
    {269, Call::look, 0, 1},                      // faccessat
    {272, Call::view, -1, -1, -1, -1, 0},         // unshare
    {280, Call::look, 0, 1, -1, -1, 3},           // utimensat
    {303, Call::look, 0, 1},                      // name_to_handle_at
    {308, Call::view},                            // setns
    {316, Call::rename, 0, 1, 2, 3, 4},           // renameat2
    {322, Call::execute, 0, 1, -1, -1, 4},        // execveat
    {332, Call::look, 0, 1, -1, -1, 2},           // statx
    {429, Call::view},                            // move_mount
    {437, Call::openat2, 0, 1, -1, -1, 2},        // openat2
    {439, Call::look, 0, 1, -1, -1, 3},           // faccessat2
    {452, Call::look, 0, 1, -1, -1, 3},           // fchmodat2
};

constexpr CallShape kCalls32[] = {
    {1, Call::exit},                              // exit
    {5, Call::open, -1, 0, -1, -1, 1},            // open
    {8, Call::creat, -1, 0},                      // creat
    {9, Call::link, -1, 0, -1, 1},                // link
    {10, Call::unlink, -1, 0},                    // unlink
    {11, Call::execute, -1, 0},                   // execve
    {12, Call::look, -1, 0},                      // chdir
    {14, Call::make, -1, 0},                      // mknod
    {15, Call::look, -1, 0},                      // chmod
    {16, Call::look, -1, 0, -1, -1, -1, false},   // lchown
    {18, Call::look, -1, 0},                      // oldstat
    {21, Call::view},                             // mount
    {30, Call::look, -1, 0},                      // utime
    {33, Call::look, -1, 0},                      // access
    {38, Call::rename, -1, 0, -1, 1},             // rename
    {39, Call::make, -1, 0},                      // mkdir
    {40, Call::rmdir, -1, 0},                     // rmdir
    {52, Call::view},                             // umount2
    {61, Call::view, -1, 0},                      // chroot
    {83, Call::symlink, -1, 0, -1, 1},            // symlink
    {84, Call::look, -1, 0, -1, -1, -1, false},   // oldlstat
    {85, Call::readlink, -1, 0},                  // readlink
    {86, Call::open, -1, 0},                      // uselib
    {92, Call::truncate, -1, 0},                  // truncate
    {99, Call::look, -1, 0},                      // statfs
    {102, Call::socketcall},                      // socketcall
    {106, Call::look, -1, 0},                     // stat
    {107, Call::look, -1, 0, -1, -1, -1, false},  // lstat
    {141, Call::list, 0},                         // getdents
    {182, Call::look, -1, 0},                     // chown
    {193, Call::truncate, -1, 0},                 // truncate64
    {195, Call::look, -1, 0},                     // stat64
    {196, Call::look, -1, 0, -1, -1, -1, false},  // lstat64
    {198, Call::look, -1, 0, -1, -1, -1, false},  // lchown32
    {212, Call::look, -1, 0},                     // chown32
    {217, Call::view},                            // pivot_root
    {220, Call::list, 0},                         // getdents64
    {226, Call::look, -1, 0},                     // setxattr
    {227, Call::look, -1, 0, -1, -1, -1, false},  // lsetxattr
    {229, Call::look, -1, 0},                     // getxattr
    {230, Call::look, -1, 0, -1, -1, -1, false},  // lgetxattr
    {232, Call::look, -1, 0},                     // listxattr
    {233, Call::look, -1, 0, -1, -1, -1, false},  // llistxattr
    {235, Call::look, -1, 0},                     // removexattr
    {236, Call::look, -1, 0, -1, -1, -1, false},  // lremovexattr
    {252, Call::exit},                            // exit_group
    {268, Call::look, -1, 0},                     // statfs64
    {271, Call::look, -1, 0},                     // utimes
    {292, Call::look, -1, 1},                     // inotify_add_watch
    {295, Call::openat, 0, 1, -1, -1, 2},         // openat
    {296, Call::make, 0, 1},                      // mkdirat
    {297, Call::make, 0, 1},                      // mknodat
    {298, Call::look, 0, 1, -1, -1, 4},           // fchownat
    {299, Call::look, 0, 1},                      // futimesat
    {300, Call::look, 0, 1, -1, -1, 3},           // fstatat64
    {301, Call::unlink, 0, 1, -1, -1, 2},         // unlinkat
    {302, Call::rename, 0, 1, 2, 3},              // renameat
    {303, Call::link, 0, 1, 2, 3, 4},             // linkat
    {304, Call::symlink, -1, 0, 1, 2},            // symlinkat
    {305, Call::readlink, 0, 1},                  // readlinkat
    {306, Call::look, 0, 1},                      // fchmodat
    {307, Call::look, 0, 1},                      // faccessat
    {310, Call::view, -1, -1, -1, -1, 0},         // unshare
    {320, Call::look, 0, 1, -1, -1, 3},           // utimensat
    {341, Call::look, 0, 1},                      // name_to_handle_at
    {346, Call::view},                            // setns
    {353, Call::rename, 0, 1, 2, 3, 4},           // renameat2
    {358, Call::execute, 0, 1, -1, -1, 4},        // execveat
    {362, Call::connect},                         // connect
    {369, Call::send},                            // sendto
    {383, Call::look, 0, 1, -1, -1, 2},           // statx
    {412, Call::look, 0, 1, -1, -1, 3},           // utimensat_time64
    {429, Call::view},                            // move_mount
    {437, Call::openat2, 0, 1, -1, -1, 2},        // openat2
    {439, Call::look, 0, 1, -1, -1, 3},           // faccessat2
    {452, Call::look, 0, 1, -1, -1, 3},           // fchmodat2
};

constexpr std::size_t kNumbers = 512;

// Index + 1 into the table, by number.
template <std::size_t N>
constexpr std::array<std::uint8_t, kNumbers> index_of(const CallShape (&calls)[N]) {
  std::array<std::uint8_t, kNumbers> index{};
  for (std::size_t i = 0; i < N; ++i)
    index[static_cast<std::size_t>(calls[i].number)] = static_cast<std::uint8_t>(i + 1);
  return index;
}
constexpr auto kIndex64 = index_of(kCalls64);
constexpr auto kIndex32 = index_of(kCalls32);

}  // namespace

std::span<const CallShape> call_shapes(Abi abi) {
  return abi == Abi::x86_64 ? std::span<const CallShape>(kCalls64)
                            : std::span<const CallShape>(kCalls32);
}

const CallShape* find_call(Abi abi, int number) {
  if (number < 0 || static_cast<std::size_t>(number) >= kNumbers) return nullptr;
  const auto& index = abi == Abi::x86_64 ? kIndex64 : kIndex32;
  const auto at = index[static_cast<std::size_t>(number)];
  return at == 0 ? nullptr : &call_shapes(abi)[at - 1U];
}

}  // namespace provrun::trace
