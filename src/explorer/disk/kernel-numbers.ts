// Linux's numbers for file types, permission bits, open flags and limits, as on x86-64 and arm64 under Node.

/** `st_dev` of the disk, and of /proc. */
export const DISK_DEVICE = 1;
export const PROC_DEVICE = 2;

/** The part of a mode that tells the type. */
export const S_IFMT = 0o170000;
export const S_IFREG = 0o100000;
export const S_IFDIR = 0o040000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;

export const S_ISUID = 0o4000;
export const S_ISGID = 0o2000;
export const S_ISVTX = 0o1000;
export const S_IXGRP = 0o0010;

/** What a permission check asks for. */
export const MAY_EXECUTE = 1;
export const MAY_WRITE = 2;
export const MAY_READ = 4;

export const O_ACCMODE = 0o3;
export const O_WRONLY = 0o1;
export const O_RDWR = 0o2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_DSYNC = 0o10000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;

export const NAME_MAX_BYTES = 255;
/** A path has one byte less: the kernel counts the closing NUL. */
export const PATH_MAX_BYTES = 4096;
export const MAX_SYMLINKS = 40;
/** Linux allows more; a simulated file is held in memory. */
export const MAX_FILE_BYTES = 1 << 28;
export const MAX_DESCRIPTORS = 65_536;
