"""A host's files as they lie on its disk, and how one takes the place of another in one step."""

import contextlib
import errno
import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from apply.file_set import File


class Place(NamedTuple):
    """Where a file lies, and where it is written first: open folders, whose names may change hands."""

    folder: int
    name: str
    own: int
    new: str


@contextlib.contextmanager
def _place(path: str, make: bool = False) -> Iterator[Place]:
    # What is written is nobody else's before it is whole: it lies in the last folder on the way that is
    # root's, like all before that. Behind it no link is followed.
    *folders, name = path.split("/")[1:]
    with contextlib.ExitStack() as opened:

        def enter(part: str, flags: int, within: int | None) -> int:
            folder = os.open(part, os.O_DIRECTORY | flags, dir_fd=within)
            opened.callback(os.close, folder)
            return folder

        folder = own = enter("/", 0, None)
        new, trusted = "", True
        for part in folders:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o755, dir_fd=folder)
            folder = enter(part, 0 if trusted else os.O_NOFOLLOW, folder)
            facts = os.fstat(folder)
            trusted = trusted and facts.st_uid == 0 and not facts.st_mode & 0o022
            own, new = (folder, "") if trusted else (own, f"{new}{part}.")
        yield Place(folder, name, own, f".{new}{name}.new")


def on_disk(path: str) -> File | None:
    """The file as it is, a link as a link; None when there is none."""
    try:
        with _place(path) as (folder, name, _, _):
            facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
            owner = f"{_user(facts.st_uid)}:{_group(facts.st_gid)}"
            if stat.S_ISLNK(facts.st_mode):
                return File(os.readlink(name, dir_fd=folder).encode(), facts.st_mode, owner)
            # A pipe in its place must not hold up who reads it.
            with open(os.open(name, os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder), "rb") as stream:
                return File(stream.read(), stat.S_IMODE(facts.st_mode), owner)
    except FileNotFoundError:
        return None


def prepare(path: str, file: File) -> None:
    """Writes a file, whole and on the disk, for `swap` to put into its place."""
    user, group = file.owner.split(":")
    owner = (
        int(user) if user.isdigit() else pwd.getpwnam(user).pw_uid,
        int(group) if group.isdigit() else grp.getgrnam(group).gr_gid,
    )
    discard(path)
    try:
        with _place(path, make=True) as (folder, _, own, new):
            if os.fstat(folder).st_dev != os.fstat(own).st_dev:
                raise OSError(errno.EXDEV, "the folder is another's and on a disk of its own", path)
            if stat.S_ISLNK(file.mode):
                os.symlink(file.content, os.fsencode(new), dir_fd=own)
                os.chown(new, *owner, dir_fd=own, follow_symlinks=False)
                return
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with open(os.open(new, flags, 0o600, dir_fd=own), "wb") as stream:
                os.fchown(stream.fileno(), *owner)
                os.fchmod(stream.fileno(), file.mode)
                stream.write(file.content)
                stream.flush()
                os.fsync(stream.fileno())
    except OSError:
        discard(path)
        raise


def swap(path: str, instead: str = "") -> None:
    """Puts what was prepared into its place, or another: a reader finds the former or the new file, whole."""
    with _place(path) as prepared, _place(instead or path) as place:
        os.rename(prepared.new, place.name, src_dir_fd=prepared.own, dst_dir_fd=place.folder)


def discard(path: str) -> None:
    """Takes what was prepared away, or what a run that ended half way has left of it."""
    with contextlib.suppress(FileNotFoundError), _place(path) as (_, _, own, new):
        os.unlink(new, dir_fd=own)


def remove(path: str) -> None:
    """Where there is none, none is removed."""
    with contextlib.suppress(FileNotFoundError), _place(path) as (folder, name, _, _):
        os.unlink(name, dir_fd=folder)


def put(path: str, file: File | None) -> None:
    """Makes a file so in one step; None removes it."""
    if file:
        prepare(path, file)
        swap(path)
    else:
        remove(path)
    sync([path])


def keep(path: str, kept: str) -> None:
    """A second name for what lies there, whatever takes its place; a copy where that is another disk."""
    remove(kept)
    try:
        with _place(path) as here, _place(kept, make=True) as there:
            os.link(
                here.name,
                there.name,
                src_dir_fd=here.folder,
                dst_dir_fd=there.folder,
                follow_symlinks=False,
            )
    except OSError as reason:
        if reason.errno != errno.EXDEV:
            raise
        put(kept, on_disk(path))


def restore(kept: str, path: str) -> None:
    """Puts what was kept back; that asks for no room on the disk."""
    try:
        with _place(kept) as there, _place(path, make=True) as here:
            os.rename(there.name, here.name, src_dir_fd=there.folder, dst_dir_fd=here.folder)
    except OSError as reason:
        if reason.errno != errno.EXDEV:
            raise
        put(path, on_disk(kept))
        remove(kept)


def sync(paths: Iterable[str]) -> None:
    """Has the disk know their names."""
    for folder in {os.path.dirname(path) for path in paths}:
        with contextlib.suppress(FileNotFoundError), _place(f"{folder}/x") as place:
            os.fsync(place.folder)


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
