"""Fronts with a proof: branch and bound over boxes of a space with best-case coefficients."""

from dse.certify.certificate import Certificate, CertifyResult
from dse.certify.run import run_certify

__all__ = ["Certificate", "CertifyResult", "run_certify"]
