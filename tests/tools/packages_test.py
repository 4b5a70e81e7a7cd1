"""Checks that cmake/packages.txt names all that the build takes from the system: a machine that has been used hides what
a new one lacks. What was taken is what the compiler read (ninja's dependencies) and what CMake found (its cache); each
such file has to belong to a package that packages.txt names or that one of those depends on."""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
FILES_OF_PACKAGES = "/var/lib/dpkg/info/*.list"
STATUS = "/var/lib/dpkg/status"
# What Debian's installer brings to every system.
ALWAYS_THERE = {"dpkg"}


def stanzas():
    with open(STATUS, encoding="utf-8") as status:
        for text in status.read().split("\n\n"):
            fields = dict(re.findall(r"^([\w-]+): *(.*(?:\n[ \t].*)*)", text, re.MULTILINE))
            if fields.get("Status", "").endswith(" installed"):
                yield fields


def names(dependencies):
    """The packages in a field like `a (>= 1) | b:any, c`; alternatives all count, if they are installed."""
    return [re.split(r"[ :(]", part.strip())[0] for part in re.split(r"[,|]", dependencies) if part.strip()]


def closure(wanted):
    needs, providers = {}, {}
    for fields in stanzas():
        name = fields["Package"]
        needs[name] = names(fields.get("Depends", "")) + names(fields.get("Pre-Depends", ""))
        for virtual in names(fields.get("Provides", "")):
            providers.setdefault(virtual, []).append(name)
        if fields.get("Essential") == "yes" or fields.get("Priority") == "required":
            wanted = wanted | {name}
    found, left = set(), list(wanted)
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        left += needs.get(name, []) + providers.get(name, [])
    return found


def owners():
    """The package of each file; /lib and /usr/lib are one folder."""
    owner = {}
    for listing in glob.glob(FILES_OF_PACKAGES):
        package = os.path.basename(listing)[:-len(".list")].split(":")[0]
        with open(listing, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                owner.setdefault(os.path.realpath(line.rstrip("\n")) if line.startswith("/lib") else line.rstrip("\n"), package)
    return owner


def taken():
    """Files of the system that the build read or found."""
    files = set()
    deps = subprocess.run(["ninja", "-C", BUILD, "-t", "deps"], check=True, capture_output=True, text=True).stdout
    files.update(re.findall(r"^    (/usr/.*)$", deps, re.MULTILINE))
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        files.update(re.findall(r"^\w+:FILEPATH=(/usr/.+)$", cache.read(), re.MULTILINE))
    return {os.path.normpath(file) for file in files if os.path.isfile(file)}


def main():
    if not os.path.exists(os.path.join(BUILD, "build.ninja")) or not os.path.exists(STATUS):
        print("skipped: there is no build, or this is no Debian")
        return
    with open(os.path.join(ROOT, "cmake", "packages.txt"), encoding="utf-8") as lines:
        wanted = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    allowed = closure(wanted | ALWAYS_THERE)
    owner = owners()
    bad, good = {}, 0
    for file in sorted(taken()):
        package = owner.get(file) or owner.get(os.path.realpath(file))
        if package is None or package in allowed:
            good += package is not None
        else:
            bad.setdefault(package, file)
    for package, file in sorted(bad.items()):
        print(f"{file} is of the package {package}, which cmake/packages.txt doesn't bring")
    print(f"packages: {good} passed, {len(bad)} failed")
    sys.exit(1 if bad or not good else 0)


main()
