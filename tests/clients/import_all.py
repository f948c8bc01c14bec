"""Imports every module of the package that the command line names."""

import importlib
import pkgutil
import sys

package = importlib.import_module(sys.argv[1])
names = [module.name for module in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
if not names:
    sys.exit(f"{package.__name__} has no modules")
for name in names:
    importlib.import_module(name)
print(f"   {len(names)} modules imported")
