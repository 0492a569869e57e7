/* Counts the file operations of a process on given paths, and disturbs one of them. Loaded with LD_PRELOAD; needs Linux
   with glibc.

   These operations are counted: open (to create, empty or only write a file), write, fsync, fsync-folder, rename, unlink,
   mkdir, rmdir, truncate. The same process performs the same operations in the same order, so a test can select each
   of them by its number. The environment configures the library, or fault_arm in a long-lived process:

   WNLSTM_FAULT_PATH   count operations on paths that contain this text; without it, none
   WNLSTM_FAULT_ONLY   count only operations with this name
   WNLSTM_FAULT_AT     the number of the operation to disturb, from 1
   WNLSTM_FAULT_HOW    count        nothing happens
                       kill-before  SIGKILL instead of the operation
                       kill-half    SIGKILL after half of a write; for other operations like kill-after
                       kill-after   SIGKILL after the operation
                       stop         SIGTERM before the operation
                       pause        SIGSTOP before the operation, which follows when the process continues
                       fail         the operation fails with WNLSTM_FAULT_ERRNO; the next one succeeds
                       fail-on      the operation and all later ones fail
                       short        a write stores half of its bytes and reports that
   WNLSTM_FAULT_LOG    a file that gets one line per counted operation, with its number, name and path; with `pause`,
                       only the operations from the pause on */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum how { COUNT, KILL_BEFORE, KILL_HALF, KILL_AFTER, STOP, PAUSE, FAIL, FAIL_ON, SHORT, HOWS };
static const char *const HOW_NAMES[HOWS] = {"count", "kill-before", "kill-half", "kill-after", "stop",
                                            "pause", "fail",        "fail-on",   "short"};
static struct { char path[512], only[32], log[512]; enum how how; int at, error; } fault;
static int counted;

void fault_arm(const char *path, const char *only, const char *how, int at, int error, const char *log) {
  fault.path[0] = 0; /* inactive while the other fields change */
  snprintf(fault.only, sizeof fault.only, "%s", only ? only : "");
  snprintf(fault.log, sizeof fault.log, "%s", log ? log : "");
  fault.how = COUNT;
  for (int i = 0; how && i < HOWS; i++) if (!strcmp(how, HOW_NAMES[i])) fault.how = i;
  fault.at = at, fault.error = error, counted = 0;
  snprintf(fault.path, sizeof fault.path, "%s", path ? path : "");
}

int fault_counted(void) { return counted; }

__attribute__((constructor)) static void from_environment(void) {
  const char *at = getenv("WNLSTM_FAULT_AT"), *error = getenv("WNLSTM_FAULT_ERRNO");
  fault_arm(getenv("WNLSTM_FAULT_PATH"), getenv("WNLSTM_FAULT_ONLY"), getenv("WNLSTM_FAULT_HOW"), at ? atoi(at) : 0,
            error ? atoi(error) : EIO, getenv("WNLSTM_FAULT_LOG"));
}

/* Writes through system calls, which are not counted. */
static void write_log(int number, const char *name, const char *path) {
  if (!fault.log[0]) return;
  char line[800];
  int length = snprintf(line, sizeof line, "%d %s %.700s\n", number, name, path);
  int file = syscall(SYS_openat, AT_FDCWD, fault.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) return;
  syscall(SYS_write, file, line, length);
  syscall(SYS_close, file);
}

enum act { GO_ON, HALF_THEN_DIE, THEN_DIE, REFUSE, HALF };

static void die(void) {
  syscall(SYS_kill, getpid(), SIGKILL);
  pause();
}

static enum act meet(const char *name, const char *path) {
  if (!fault.path[0] || !strstr(path, fault.path) || (fault.only[0] && strcmp(fault.only, name))) return GO_ON;
  int number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
  int is_it = number == fault.at;
  if (fault.how == COUNT || is_it || (fault.how == PAUSE && number > fault.at)) write_log(number, name, path);
  if (fault.how == FAIL_ON && number > fault.at) return REFUSE;
  if (!is_it) return GO_ON;
  switch (fault.how) {
    case KILL_BEFORE: die(); return GO_ON;
    case KILL_HALF: return HALF_THEN_DIE;
    case KILL_AFTER: return THEN_DIE;
    case STOP: syscall(SYS_kill, getpid(), SIGTERM); return GO_ON;
    case PAUSE: syscall(SYS_kill, getpid(), SIGSTOP); return GO_ON;
    case FAIL: case FAIL_ON: return REFUSE;
    case SHORT: return HALF;
    default: return GO_ON;
  }
}

/* The paths of open files, and of names relative to an open folder. */
static const char *path_of(int file, char *path, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  long length = syscall(SYS_readlink, link, path, size - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}
static const char *path_at(int folder, const char *name, char *path, size_t size) {
  if (folder == AT_FDCWD || name[0] == '/') return name;
  path_of(folder, path, size - 256);
  snprintf(path + strlen(path), 256, "/%.250s", name);
  return path;
}

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
/* Performs a call that cannot be done by half. */
#define PERFORM(name, path, call) \
  do { \
    enum act act = meet(name, path); \
    if (act == REFUSE) { errno = fault.error; return -1; } \
    int result = call; \
    if (act == HALF_THEN_DIE || act == THEN_DIE) die(); \
    return result; \
  } while (0)
#define MODE(flags) \
  va_list rest; va_start(rest, flags); \
  int mode = (flags & O_CREAT) ? va_arg(rest, int) : 0; va_end(rest); \
  int changes = flags & (O_CREAT | O_WRONLY | O_TRUNC) /* not r+, because a second thread may open a file so at any time */
#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    REAL(int, #name, const char *, int, ...); MODE(flags); \
    if (!changes) return real(path, flags, mode); \
    PERFORM("open", path, real(path, flags, mode)); \
  }
#define OPENAT(name) \
  int name(int folder, const char *path, int flags, ...) { \
    REAL(int, #name, int, const char *, int, ...); MODE(flags); char full[1024]; \
    if (!changes) return real(folder, path, flags, mode); \
    PERFORM("open", path_at(folder, path, full, sizeof full), real(folder, path, flags, mode)); \
  }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

/* Performs a write; `part` is the same call for the first half of the bytes. */
#define WRITE(whole, part, bytes) \
  do { \
    char path[1024]; \
    enum act act = fault.path[0] ? meet("write", path_of(file, path, sizeof path)) : GO_ON; \
    if (act == REFUSE) { errno = fault.error; return -1; } \
    if (act == HALF && (bytes) > 1) return part; \
    if (act == HALF_THEN_DIE) { if ((bytes) > 1) part; die(); } \
    ssize_t result = whole; \
    if (act == THEN_DIE) die(); \
    return result; \
  } while (0)
ssize_t write(int file, const void *from, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  WRITE(real(file, from, size), real(file, from, size / 2), size);
}
#define PWRITE(name) \
  ssize_t name(int file, const void *from, size_t size, off64_t at) { \
    REAL(ssize_t, #name, int, const void *, size_t, off64_t); \
    WRITE(real(file, from, size, at), real(file, from, size / 2, at), size); \
  }
PWRITE(pwrite) PWRITE(pwrite64)
ssize_t writev(int file, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  WRITE(real(file, parts, count), syscall(SYS_write, file, parts->iov_base, parts->iov_len / 2), parts->iov_len);
}

static const char *sync_name(int file) {
  struct stat about;
  return fstat(file, &about) == 0 && S_ISDIR(about.st_mode) ? "fsync-folder" : "fsync";
}
#define SYNC(name) \
  int name(int file) { \
    REAL(int, #name, int); char path[1024]; \
    PERFORM(sync_name(file), path_of(file, path, sizeof path), real(file)); \
  }
SYNC(fsync) SYNC(fdatasync)
#define TRUNCATE(name) \
  int name(int file, off64_t size) { \
    REAL(int, #name, int, off64_t); char path[1024]; \
    PERFORM("truncate", path_of(file, path, sizeof path), real(file, size)); \
  }
TRUNCATE(ftruncate) TRUNCATE(ftruncate64)

int unlink(const char *path) { REAL(int, "unlink", const char *); PERFORM("unlink", path, real(path)); }
int rmdir(const char *path) { REAL(int, "rmdir", const char *); PERFORM("rmdir", path, real(path)); }
int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  PERFORM("mkdir", path, real(path, mode));
}
int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  PERFORM("rename", to, real(from, to));
}
int unlinkat(int folder, const char *path, int flags) {
  REAL(int, "unlinkat", int, const char *, int); char full[1024];
  PERFORM(flags & AT_REMOVEDIR ? "rmdir" : "unlink", path_at(folder, path, full, sizeof full), real(folder, path, flags));
}
int mkdirat(int folder, const char *path, mode_t mode) {
  REAL(int, "mkdirat", int, const char *, mode_t); char full[1024];
  PERFORM("mkdir", path_at(folder, path, full, sizeof full), real(folder, path, mode));
}
